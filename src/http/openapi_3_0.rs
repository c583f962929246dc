//! Converts the document to OpenAPI 3.0, for tools that do not support 3.1. The 3.1 document is the contract.

use serde_json::{Map, Value, json};

use super::schemas::PREFIX;

/// Converts a document of OpenAPI 3.1.
pub fn converted(mut document: Value) -> Value {
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    convert(&mut document, &schemas);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("openapi".into(), json!("3.0.3"));
        let webhooks = fields.remove("webhooks");
        fields.extend(webhooks.map(|webhooks| ("x-webhooks".to_owned(), webhooks)));
    }
    if let Some(license) = document.pointer_mut("/info/license").and_then(Value::as_object_mut) {
        license.remove("identifier");
    }
    document
}

/// Converts the schemas in a value. Examples are not schemas, whatever their fields are called.
fn convert(value: &mut Value, schemas: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| convert(item, schemas)),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match name.as_str() {
                    "properties" => each_property(value, schemas),
                    "example" | "examples" | "default" | "enum" | "const" => {}
                    _ => convert(value, schemas),
                }
            }
            convert_fields(fields, schemas);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Converts the properties of a schema. Their names are not keywords.
fn each_property(properties: &mut Value, schemas: &Value) {
    let properties = properties.as_object_mut().into_iter().flat_map(|properties| properties.values_mut());
    properties.for_each(|property| convert(property, schemas));
}

fn convert_fields(fields: &mut Map<String, Value>, schemas: &Value) {
    if let Some(only) = fields.remove("const") {
        fields.insert("enum".into(), json!([only]));
    }
    // 3.0 assumes that keys are strings.
    fields.remove("propertyNames");
    if let Some(examples) = fields.get("examples").and_then(Value::as_array).cloned() {
        fields.remove("examples");
        fields.extend(examples.into_iter().next().map(|example| ("example".to_owned(), example)));
    }
    narrow_types(fields);
    take_null_out(fields, schemas);
    set_reference_apart(fields);
    if let Some(variants) = fields.get_mut("oneOf").and_then(Value::as_array_mut) {
        variants.iter_mut().for_each(leave_reference);
    }
}

/// Converts `type: [T, "null"]` to a nullable `T`.
fn narrow_types(fields: &mut Map<String, Value>) {
    let Some(types) = fields.get("type").and_then(Value::as_array) else {
        return;
    };
    let is_nullable = types.contains(&json!("null"));
    let Some(kind) = types.iter().find(|kind| **kind != json!("null")).cloned() else {
        return;
    };
    fields.insert("type".into(), kind);
    if is_nullable {
        fields.insert("nullable".into(), json!(true));
    }
}

/// Converts `oneOf` with null to a nullable schema. `nullable` requires a type beside it.
fn take_null_out(fields: &mut Map<String, Value>, schemas: &Value) {
    let null = json!({"type": "null"});
    let Some(variants) = fields.get("oneOf").and_then(Value::as_array).filter(|variants| variants.contains(&null))
    else {
        return;
    };
    let others: Vec<Value> = variants.iter().filter(|variant| **variant != null).cloned().collect();
    fields.remove("oneOf");
    fields.insert("nullable".into(), json!(true));
    match <[Value; 1]>::try_from(others) {
        Ok([Value::Object(only)]) => {
            for (name, value) in only {
                fields.entry(name).or_insert(value);
            }
            let kind = type_of(fields, schemas);
            fields.insert("type".into(), kind);
        }
        Ok([other]) => drop(fields.insert("allOf".into(), json!([other]))),
        Err(others) => fields.extend([("type".to_owned(), json!("object")), ("oneOf".to_owned(), json!(others))]),
    }
}

/// Returns the type of a schema or of its reference; unions are objects.
fn type_of(fields: &Map<String, Value>, schemas: &Value) -> Value {
    let referred = referred(fields).or_else(|| referred(fields.get("allOf")?.get(0)?.as_object()?));
    let own = fields.get("type").or_else(|| schemas.get(referred?)?.get("type"));
    own.cloned().unwrap_or_else(|| json!("object"))
}

fn referred(fields: &Map<String, Value>) -> Option<&str> {
    fields.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix(PREFIX))
}

/// Wraps a reference that has siblings in `allOf`, because 3.0 ignores siblings of a reference.
fn set_reference_apart(fields: &mut Map<String, Value>) {
    if fields.len() < 2 || referred(fields).is_none() {
        return;
    }
    let reference = fields.remove("$ref");
    fields.insert("allOf".into(), json!([{"$ref": reference}]));
}

/// Restores a variant of a union to a bare reference: generators need its name more than its description.
fn leave_reference(variant: &mut Value) {
    if let Some([reference]) = variant.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        *variant = reference.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(schema: Value) -> Value {
        let kind = json!({"type": "string", "enum": ["a"]});
        let union = json!({"oneOf": [{"$ref": "#/components/schemas/Kind"}]});
        let schemas = json!({"Kind": kind, "Union": union});
        let mut schema = schema;
        convert(&mut schema, &schemas);
        schema
    }

    #[test]
    fn a_type_or_null_is_nullable() {
        assert_eq!(of(json!({"type": ["number", "null"]})), json!({"type": "number", "nullable": true}));
        assert_eq!(of(json!({"type": ["string"]})), json!({"type": "string"}));
    }

    #[test]
    fn a_reference_or_null_is_nullable_and_has_the_type_of_its_target() {
        let nullable = |name: &str, kind: &str| {
            let reference = json!({"$ref": format!("{PREFIX}{name}"), "description": "What."});
            let expected = json!({"nullable": true, "type": kind, "description": "What.", "allOf": [{"$ref": format!("{PREFIX}{name}")}]});
            assert_eq!(of(json!({"oneOf": [reference, {"type": "null"}]})), expected);
        };
        nullable("Kind", "string");
        nullable("Union", "object");
    }

    #[test]
    fn several_or_null_is_a_nullable_object() {
        let both = json!([{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]);
        let described = json!({"$ref": "#/components/schemas/B", "description": "B."});
        let with_null = json!([both[0], described, {"type": "null"}]);
        assert_eq!(of(json!({"oneOf": with_null})), json!({"oneOf": both, "nullable": true, "type": "object"}));
    }

    #[test]
    fn what_stands_beside_a_reference_is_kept() {
        let schema = json!({"$ref": "#/components/schemas/Kind", "description": "Which."});
        assert_eq!(of(schema), json!({"allOf": [{"$ref": "#/components/schemas/Kind"}], "description": "Which."}));
    }

    #[test]
    fn keywords_of_3_1_go() {
        assert_eq!(of(json!({"type": "string", "const": "a"})), json!({"type": "string", "enum": ["a"]}));
        assert_eq!(of(json!({"type": "object", "propertyNames": {"type": "string"}})), json!({"type": "object"}));
        assert_eq!(of(json!({"examples": [1, 2]})), json!({"example": 1}));
    }

    #[test]
    fn a_property_is_no_keyword_and_an_example_no_schema() {
        let schema = json!({"properties": {"const": {"type": ["string", "null"]}, "example": {"const": 1}}});
        let expected = json!({"properties": {"const": {"type": "string", "nullable": true}, "example": {"enum": [1]}}});
        assert_eq!(of(schema), expected);
        let example = json!({"example": {"type": ["a", "null"]}});
        assert_eq!(of(example.clone()), example);
    }

    #[test]
    fn the_document_says_its_version_and_keeps_its_webhooks() {
        let document = json!({"openapi": "3.1.0", "info": {"license": {"name": "MIT", "identifier": "MIT"}}, "webhooks": {"a": {}}});
        let expected = json!({"openapi": "3.0.3", "info": {"license": {"name": "MIT"}}, "x-webhooks": {"a": {}}});
        assert_eq!(converted(document), expected);
    }
}
