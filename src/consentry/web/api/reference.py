"""The reference page of the management API, made from its OpenAPI document: nothing is loaded from elsewhere."""

from collections.abc import Mapping
from typing import Any

from consentry.web.views.api_reference import ApiReferencePage, Field, Group, Operation

_REF = "#/components/schemas/"


def reference_of(document: Mapping[str, Any]) -> ApiReferencePage:
    """Return the page of an OpenAPI document."""
    schemas = document["components"]["schemas"]
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            group = groups.setdefault(operation.get("tags", ["Others"])[0], [])
            group.append(_operation(path, method, operation, schemas))
    base = document["servers"][0]["url"]
    return ApiReferencePage(
        document["info"]["description"],
        base,
        tuple(Group(name, _anchor(name), tuple(operations)) for name, operations in groups.items()),
    )


def _operation(path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Operation:
    parameters = tuple(
        Field(
            one["name"],
            f"{one['in']}, {_type_of(one['schema'])}",
            one.get("required", False),
            one.get("description", ""),
        )
        for one in operation.get("parameters", ())
    )
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    status = next(iter(operation["responses"]))
    answer = operation["responses"][status].get("content", {}).get("application/json", {}).get("schema", {})
    return Operation(
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=parameters,
        body=_fields(body, schemas),
        status=status,
        answer=_fields(answer, schemas),
    )


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> tuple[Field, ...]:
    named = schemas.get(schema.get("$ref", "").removeprefix(_REF), schema)
    required = frozenset(named.get("required", ()))
    return tuple(
        Field(name, _type_of(one), name in required, one.get("description", ""))
        for name, one in named.get("properties", {}).items()
    )


def _type_of(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    if "anyOf" in schema:
        return " or ".join(_type_of(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type_of(schema['items'])}"
    return str(schema.get("format") or schema.get("type", "value"))


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
