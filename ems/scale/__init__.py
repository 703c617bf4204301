"""Plans on many processes or machines by Dask: one large district in shares, or many districts."""
