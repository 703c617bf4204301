"""Pictures of a report as PNG, drawn without a screen."""

from pathlib import Path

from matplotlib.figure import Figure as Canvas

from benchmarks.figures import Picture


def draw(picture: Picture, path: Path) -> None:
    """`picture` with both axes by powers of ten, to `path`."""
    canvas = Canvas(figsize=(8, 5), layout="constrained")
    axes = canvas.add_subplot()
    for curve in picture.curves:
        across, up = zip(*curve.points, strict=True) if curve.points else ((), ())
        axes.loglog(across, up, marker="o", label=curve.name)
    axes.set(title=picture.title, xlabel=picture.across, ylabel=picture.up)
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(path, dpi=120)
