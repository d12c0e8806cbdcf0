"""What differs between the environments."""

from typing import Final


class Config:
    DEBUG = False
    TESTING = False
    DATABASE = ""
    """File of the database, in the instance folder."""


class DevelopmentConfig(Config):
    DEBUG = True
    DATABASE = "flask_development.db"


class TestingConfig(Config):
    TESTING = True
    DATABASE = "flask_testing.db"


class ProductionConfig(Config):
    DATABASE = "flask_production.db"


CONFIGS: Final[dict[str, type[Config]]] = {
    "development": DevelopmentConfig,
    "testing": TestingConfig,
    "production": ProductionConfig,
}
