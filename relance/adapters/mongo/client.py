"""The client of MongoDB: what correctness depends on is set in code, never in the connection string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from relance.adapters.mongo.command_spans import CommandSpans
from relance.adapters.mongo.documents import Client
from relance.errors import SettingsError
from relance.settings import Mongo


def client_of(settings: Mongo, listeners: Sequence[CommandSpans]) -> Client:
    """Return a client that has not connected yet.

    Raises:
        SettingsError: the connection string cannot be used.
    """
    limit = _milliseconds(settings.timeout)
    try:
        # In code and not in the URI: correctness must not depend on how somebody wrote the connection string.
        return AsyncIOMotorClient(
            settings.uri.get_secret_value(),
            appname="relance",
            event_listeners=listeners,
            w="majority",
            journal=True,
            wTimeoutMS=limit // 2,
            readConcernLevel="majority",
            readPreference="primary",
            retryWrites=True,
            retryReads=True,
            maxPoolSize=settings.pool,
            serverSelectionTimeoutMS=limit,
            connectTimeoutMS=limit,
            socketTimeoutMS=limit,
            waitQueueTimeoutMS=limit,
            **_security(settings),
        )
    except (PyMongoError, ValueError) as error:
        # The driver's text may quote the string, and with it the password.
        raise SettingsError(f"RELANCE_MONGO__URI: no usable connection string ({type(error).__name__})") from None


def _security(settings: Mongo) -> dict[str, Any]:
    """Return what the connection string does not say itself; certificates are always checked."""
    found: dict[str, Any] = {"tls": True, **settings.tls_files} if settings.tls_files else {}
    if settings.username is not None and settings.password is not None:
        found |= {"username": settings.username, "password": settings.password.get_secret_value()}
    return found


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
