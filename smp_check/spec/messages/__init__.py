"""The messages of the SMP format (version v0.0.1): fields, numbers, types, units and meaning.

The one table that schemas, conformance, spellings, defaults and the binary form are all made from.
"""

from __future__ import annotations

from collections.abc import Mapping

from smp_check.spec.messages import environment, mesh, result, test
from smp_check.spec.messages.model import Enumeration, Field, Message, Type

MESSAGES: Mapping[str, Message] = {
    message.name: message for message in (*test.MESSAGES, *mesh.MESSAGES, *environment.MESSAGES, *result.MESSAGES)
}
ENUMERATIONS: Mapping[str, Enumeration] = {
    enumeration.name: enumeration for enumeration in (test.PROTOCOL, mesh.MESH_TYPE, mesh.APPLICATION_PROTOCOL)
}

__all__ = ["ENUMERATIONS", "MESSAGES", "Enumeration", "Field", "Message", "Type"]
