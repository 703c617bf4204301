"""The whole district with every dwelling by itself: a structured interior point, with a proof."""
