//! Writes scalar schemas (ids, dates, points) where they are used, because generated C# clients ignore that a reference
//! to a scalar may be null.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::schemas::{PREFIX, Schemas};

/// Replaces references to scalar schemas in the paths and in the other schemas.
pub fn inline_scalars(paths: &mut Value, schemas: &mut Schemas) {
    // One of several shapes keeps its name even where it is a scalar.
    let mut shapes = BTreeSet::new();
    for schema in schemas.values() {
        note_shapes(schema, &mut shapes);
    }
    let (scalars, mut others): (Schemas, Schemas) =
        std::mem::take(schemas).into_iter().partition(|(name, schema)| is_scalar(schema) && !shapes.contains(name));
    for schema in others.values_mut() {
        inline(schema, &scalars);
    }
    inline(paths, &scalars);
    *schemas = others;
}

/// Notes the schemas that are one of several shapes of a value.
fn note_shapes(schema: &Value, shapes: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| note_shapes(item, shapes)),
        Value::Object(fields) => {
            let variants = fields.get("oneOf").and_then(Value::as_array).into_iter().flatten();
            let named: Vec<&str> = variants
                .filter_map(|variant| variant.get("$ref").and_then(Value::as_str)?.strip_prefix(PREFIX))
                .collect();
            if named.len() > 1 {
                shapes.extend(named.into_iter().map(str::to_owned));
            }
            fields.values().for_each(|value| note_shapes(value, shapes));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether a schema is a single value. Enumerations keep a schema of their own.
fn is_scalar(schema: &Value) -> bool {
    let kind = schema.get("type").and_then(Value::as_str);
    let is_enumeration = schema.get("enum").is_some() || schema.get("const").is_some();
    matches!(kind, Some("string" | "number" | "integer" | "boolean")) && !is_enumeration
}

/// Replaces references to scalars in a value. A description beside the reference is kept.
fn inline(value: &mut Value, scalars: &BTreeMap<String, Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| inline(item, scalars)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| inline(value, scalars));
            let name = fields.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix(PREFIX));
            if let Some(Value::Object(scalar)) = name.and_then(|name| scalars.get(name)) {
                fields.remove("$ref");
                for (key, said) in scalar {
                    fields.entry(key).or_insert_with(|| said.clone());
                }
            }
            merge_null(value);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Merges a union of a scalar and null into one schema with two types.
fn merge_null(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    let alternatives = fields.get("oneOf").and_then(Value::as_array).map(Vec::as_slice);
    let Some([Value::Object(scalar), null]) = alternatives else {
        return;
    };
    let (scalar, is_nullable) = (scalar.clone(), *null == json!({"type": "null"}));
    let Some(kind) = scalar.get("type").cloned().filter(|_| is_nullable && is_scalar(&json!(scalar))) else {
        return;
    };
    fields.remove("oneOf");
    for (key, said) in scalar {
        fields.entry(key).or_insert(said);
    }
    fields.insert("type".into(), json!([kind, "null"]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_is_written_where_it_is_used() {
        let reference = |name: &str| json!({"$ref": format!("{PREFIX}{name}")});
        let points = json!({"type": "number", "format": "double", "description": "Points."});
        let kind = json!({"type": "string", "enum": ["a"]});
        let mut schemas: Schemas = [("Points".to_owned(), points), ("Kind".to_owned(), kind)].into();
        let mut paths = json!({
            "max": {"$ref": "#/components/schemas/Points", "description": "The most."},
            "own": {"oneOf": [reference("Points"), {"type": "null"}]},
            "kind": {"oneOf": [reference("Kind"), {"type": "null"}]},
        });
        inline_scalars(&mut paths, &mut schemas);
        assert_eq!(paths["max"], json!({"type": "number", "format": "double", "description": "The most."}));
        assert_eq!(paths["own"], json!({"type": ["number", "null"], "format": "double", "description": "Points."}));
        assert_eq!(paths["kind"], json!({"oneOf": [reference("Kind"), {"type": "null"}]}));
        assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Kind"]);
    }
}
