//! Schemas of the document: responses always contain every property, requests may omit some.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::error::Error;

/// Prefix of references to schemas.
pub const PREFIX: &str = "#/components/schemas/";

/// Schemas by name.
pub type Schemas = BTreeMap<String, Value>;

/// Requires every property in responses. A schema that requests use as well keeps its optional properties there, under
/// its name with `Input` appended.
///
/// # Errors
/// If such a name is already taken.
pub fn complete(paths: &mut Value, webhooks: &Value, schemas: &mut Schemas) -> Result<(), Error> {
    name_variants(schemas)?;
    describe_tags(schemas);
    let (mut written, mut read) = (BTreeSet::new(), BTreeSet::new());
    reach(webhooks, schemas, &mut read);
    each_operation(paths, |operation| {
        for (part, value) in operation {
            match part.as_str() {
                "requestBody" | "parameters" => reach(value, schemas, &mut written),
                "responses" => reach(value, schemas, &mut read),
                _ => {}
            }
        }
    });
    let split = differing(schemas, &written, &read);
    for name in &split {
        let input = format!("{name}Input");
        let written = schemas.get(name).cloned().unwrap_or_default();
        if schemas.insert(input.clone(), written).is_some() {
            return Err(Error::internal(format!("two schemas are named {input}")));
        }
    }
    let of_requests = |name: &str| split.contains(name).then(|| format!("{name}Input"));
    for (name, schema) in schemas.iter_mut() {
        let of_input = name.strip_suffix("Input").is_some_and(|name| split.contains(name));
        if of_input || written.contains(name) && !read.contains(name) {
            rename(schema, &of_requests);
        } else if read.contains(name) {
            require_all(schema);
            // Only requests are closed; a response may be part of a larger schema.
            if let Some(fields) = schema.as_object_mut().filter(|_| split.contains(name)) {
                fields.remove("additionalProperties");
            }
        }
    }
    close_variants(schemas);
    each_operation(paths, |operation| {
        operation.get_mut("requestBody").into_iter().for_each(|body| rename(body, &of_requests));
        operation.get_mut("parameters").into_iter().for_each(|parameters| rename(parameters, &of_requests));
    });
    Ok(())
}

/// Names each page of a list after its rows, `UnitList` instead of `ListView_Unit`, and refers to their schema, which
/// generated clients would duplicate otherwise.
///
/// # Errors
/// If such a name is already taken.
pub fn name_pages(paths: &mut Value, schemas: &mut Schemas) -> Result<(), Error> {
    let rows = schemas.keys().filter_map(|name| name.strip_prefix("ListView_"));
    for row in rows.map(str::to_owned).collect::<Vec<_>>() {
        let (old, new) = (format!("ListView_{row}"), format!("{row}List"));
        let Some(mut page) = schemas.remove(&old) else {
            continue;
        };
        if let Some(items) = page.pointer_mut("/properties/items/items") {
            *items = json!({"$ref": format!("{PREFIX}{row}")});
        }
        rename(paths, &|name| (name == old).then(|| new.clone()));
        if schemas.insert(new.clone(), page).is_some() {
            return Err(Error::internal(format!("two schemas are named {new}")));
        }
    }
    Ok(())
}

/// Gives each variant of a union its own schema, named by its tag or, without one, by its first field.
fn name_variants(schemas: &mut Schemas) -> Result<(), Error> {
    let (mut named, mut tagged) = (Schemas::new(), Vec::new());
    for (union, schema) in schemas.iter_mut() {
        for variant in schema.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some((name, tag)) = tag_of(variant) {
                *variant = json!({"$ref": format!("{PREFIX}{name}")});
                tagged.push((name, tag));
                continue;
            }
            let first = || variant.pointer("/required/0").and_then(Value::as_str);
            let tag = variant.pointer("/properties/type/enum/0").and_then(Value::as_str);
            let Some(word) = tag.or_else(first).filter(|_| variant.get("properties").is_some()) else {
                continue;
            };
            let name = format!("{union}{}", capitalised(word));
            let reference = json!({"$ref": format!("{PREFIX}{name}")});
            if named.insert(name.clone(), std::mem::replace(variant, reference)).is_some() {
                return Err(Error::internal(format!("two variants are named {name}")));
            }
        }
    }
    if let Some(name) = named.keys().find(|name| schemas.contains_key(*name)) {
        return Err(Error::internal(format!("two schemas are named {name}")));
    }
    schemas.extend(named);
    for (name, tag) in tagged {
        schemas.get_mut(&name).into_iter().for_each(|schema| add_tag(schema, tag.clone()));
    }
    Ok(())
}

/// Allows no other properties in the variants of a union, because some readers tell them apart by that alone.
fn close_variants(schemas: &mut Schemas) {
    let mut variants = BTreeSet::new();
    for union in schemas.values().filter_map(|schema| schema.get("oneOf")) {
        each_reference(union, &mut |name| {
            variants.insert(name.to_owned());
        });
    }
    for name in variants {
        let fields = schemas.get_mut(&name).and_then(Value::as_object_mut);
        if let Some(fields) = fields.filter(|fields| fields.contains_key("properties")) {
            fields.insert("additionalProperties".into(), json!(false));
        }
    }
}

/// Returns the name and tag of a variant whose schema is separate from its tag.
fn tag_of(variant: &Value) -> Option<(String, Value)> {
    let reference = variant.pointer("/allOf/0/$ref").and_then(Value::as_str)?;
    let tag = variant.pointer("/allOf/1/properties/type")?;
    Some((reference.strip_prefix(PREFIX)?.to_owned(), tag.clone()))
}

/// Adds its tag to the schema of a variant.
fn add_tag(schema: &mut Value, tag: Value) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    if let Some(properties) = fields.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
        properties.insert("type".into(), tag);
    }
    if let Some(required) = fields.entry("required").or_insert_with(|| json!([])).as_array_mut() {
        required.push(json!("type"));
    }
}

/// Describes the tags of variants, for which the Rust types have no place.
fn describe_tags(schemas: &mut Schemas) {
    let tags = schemas.values_mut().filter_map(|schema| schema.pointer_mut("/properties/type")?.as_object_mut());
    for tag in tags {
        if let Some([Value::String(only)]) = tag.get("enum").and_then(Value::as_array).map(Vec::as_slice) {
            let description = format!("Always `{only}`.");
            tag.entry("description").or_insert(json!(description));
        }
    }
}

/// Converts `snake_case` to `CamelCase`.
fn capitalised(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    word.split('_').map(capital).collect()
}

/// Visits each operation of the paths.
fn each_operation(paths: &mut Value, mut visit: impl FnMut(&mut Map<String, Value>)) {
    let items = paths.as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    let operations = items.filter_map(Value::as_object_mut).flat_map(|item| item.values_mut());
    operations.filter_map(Value::as_object_mut).for_each(&mut visit);
}

/// Collects the schemas that a value refers to, directly and indirectly.
fn reach(value: &Value, schemas: &Schemas, names: &mut BTreeSet<String>) {
    each_reference(value, &mut |name| {
        if names.insert(name.to_owned()) {
            schemas.get(name).into_iter().for_each(|schema| reach(schema, schemas, names));
        }
    });
}

fn each_reference(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            if let Some(name) = reference.and_then(|reference| reference.strip_prefix(PREFIX)) {
                visit(name);
            }
            fields.values().for_each(|value| each_reference(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|item| each_reference(item, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns the schemas that differ between requests and responses.
fn differing(schemas: &Schemas, written: &BTreeSet<String>, read: &BTreeSet<String>) -> BTreeSet<String> {
    let both = || schemas.iter().filter(|(name, _)| written.contains(*name) && read.contains(*name));
    let mut found: BTreeSet<String> =
        both().filter(|(_, schema)| leaves_out(schema)).map(|(name, _)| name.clone()).collect();
    loop {
        let known = found.len();
        for (name, schema) in both() {
            let mut refers = false;
            each_reference(schema, &mut |other| refers |= found.contains(other));
            if refers {
                found.insert(name.clone());
            }
        }
        if found.len() == known {
            return found;
        }
    }
}

/// Whether a schema has optional properties.
fn leaves_out(schema: &Value) -> bool {
    let mut all = schema.clone();
    require_all(&mut all);
    all != *schema
}

/// Makes every property of a schema required.
fn require_all(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    if let Some(properties) = fields.get("properties").and_then(Value::as_object) {
        let given = fields.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let others = properties.keys().map(|name| json!(name)).filter(|name| !given.contains(name));
        let required: Vec<Value> = given.iter().cloned().chain(others).collect();
        fields.insert("required".into(), Value::Array(required));
    }
    fields.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten().for_each(require_all);
}

/// Renames the targets of references.
fn rename(value: &mut Value, new_name: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(PREFIX).and_then(new_name)
            {
                *reference = format!("{PREFIX}{name}");
            }
            fields.values_mut().for_each(|value| rename(value, new_name));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, new_name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(name: &str) -> Value {
        json!({"$ref": format!("{PREFIX}{name}")})
    }

    #[test]
    fn what_is_read_has_all_and_what_is_written_may_leave_out() {
        let node = json!({"properties": {"a": {}, "b": {}}, "required": ["a"]});
        let tree = json!({"properties": {"node": reference("Node")}, "required": ["node"]});
        let head = json!({"properties": {"id": {}}});
        let mut schemas: Schemas = [("Node", node.clone()), ("Tree", tree), ("Head", head)]
            .map(|(name, schema)| (name.to_owned(), schema))
            .into();
        let mut paths = json!({"/": {"post": {"requestBody": reference("Tree"), "responses": [reference("Tree"), reference("Head")]}}});
        complete(&mut paths, &Value::Null, &mut schemas).unwrap();
        assert_eq!(schemas["NodeInput"], node);
        assert_eq!(schemas["Node"]["required"], json!(["a", "b"]));
        assert_eq!(schemas["Head"]["required"], json!(["id"]));
        assert_eq!(schemas["TreeInput"]["properties"]["node"], reference("NodeInput"));
        assert_eq!(schemas["Tree"]["properties"]["node"], reference("Node"));
        assert_eq!(paths["/"]["post"]["requestBody"], reference("TreeInput"));
        assert_eq!(paths["/"]["post"]["responses"][0], reference("Tree"));
    }

    #[test]
    fn a_page_refers_to_its_rows() {
        let page = json!({"properties": {"items": {"items": {"type": "object"}, "type": "array"}}});
        let mut schemas: Schemas = [("ListView_Unit".to_owned(), page)].into();
        let mut paths = json!({"/": {"get": {"responses": reference("ListView_Unit")}}});
        name_pages(&mut paths, &mut schemas).unwrap();
        assert_eq!(schemas["UnitList"]["properties"]["items"]["items"], reference("Unit"));
        assert_eq!(paths["/"]["get"]["responses"], reference("UnitList"));
    }

    #[test]
    fn a_variant_has_its_tag_and_no_other_properties() {
        let tag = json!({"properties": {"type": {"enum": ["cases"]}}});
        let union = json!({"oneOf": [{"allOf": [reference("CasesAnswer"), tag]}]});
        let cases = json!({"properties": {"cases": {}}, "required": ["cases"]});
        let mut schemas: Schemas = [("Answer".to_owned(), union), ("CasesAnswer".to_owned(), cases)].into();
        complete(&mut json!({}), &Value::Null, &mut schemas).unwrap();
        assert_eq!(schemas["Answer"]["oneOf"], json!([reference("CasesAnswer")]));
        assert_eq!(
            schemas["CasesAnswer"],
            json!({"properties": {"cases": {}, "type": {"enum": ["cases"], "description": "Always `cases`."}}, "required": ["cases", "type"], "additionalProperties": false})
        );
    }
}
