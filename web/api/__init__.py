"""The API: FastAPI routers, one a noun."""
