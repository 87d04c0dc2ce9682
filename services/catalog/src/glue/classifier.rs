//! Classifiers: what crawlers recognise beside the formats that they know.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/custom-classifier.html>

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Span};

use super::Glue;
use super::error::Error;
use super::kept::Kept;
use super::listing;
use super::model::{CLASSIFIERS, Classifier, CsvRule, Rule};
use super::place::Place;

/// Types that a CSV classifier can give to columns.
const CSV_TYPES: [&str; 11] =
    ["BINARY", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "INT", "LONG", "SHORT", "STRING", "TIMESTAMP"];

/// On no classifier in particular: they have no ARNs.
pub fn create_access(_: &Ctx, _: &Glue, _: &aws::CreateClassifierRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// CreateClassifier.
pub async fn create(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::CreateClassifierRequest,
) -> Result<aws::CreateClassifierResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let aws::CreateClassifierRequest { grok_classifier, xml_classifier, json_classifier, csv_classifier } = input;
    let sent = [
        grok_classifier.map(|grok| {
            let aws::CreateGrokClassifierRequest { classification, name, grok_pattern, custom_patterns } = grok;
            (name, Rule::Grok { classification, grok_pattern, custom_patterns })
        }),
        xml_classifier.map(|xml| (xml.name, Rule::Xml { classification: xml.classification, row_tag: xml.row_tag })),
        json_classifier.map(|json| (json.name, Rule::Json { json_path: json.json_path })),
        csv_classifier.map(|csv| {
            let rule = CsvRule {
                delimiter: csv.delimiter,
                quote_symbol: csv.quote_symbol,
                contains_header: Kept::keep(csv.contains_header),
                header: csv.header,
                disable_value_trimming: csv.disable_value_trimming,
                allow_single_column: csv.allow_single_column,
                custom_datatype_configured: csv.custom_datatype_configured,
                custom_datatypes: csv.custom_datatypes,
                serde: Kept::keep(csv.serde),
            };
            (csv.name, Rule::Csv(rule))
        }),
    ];
    let (name, rule) = only(sent)?;
    check(&rule)?;
    let now = ctx.now();
    let classifier = Classifier { created: now, updated: now, version: 1, rule };
    glue.store
        .write(move |tx| {
            if tx.contains(CLASSIFIERS, &place.key(&name))? {
                return Err(Error::AlreadyExists(format!("Classifier with name {name}")));
            }
            tx.put(CLASSIFIERS, &place.key(&name), &classifier)?;
            Ok(())
        })
        .await?;
    Ok(aws::CreateClassifierResponse {})
}

/// On no classifier in particular.
pub fn delete_access(_: &Ctx, _: &Glue, _: &aws::DeleteClassifierRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// DeleteClassifier.
pub async fn delete(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeleteClassifierRequest,
) -> Result<aws::DeleteClassifierResponse, Error> {
    let place = Place::enter(ctx, None)?;
    glue.store
        .write(move |tx| {
            let removed = tx.delete(CLASSIFIERS, &place.key(&input.name))?;
            removed.map(drop).ok_or_else(|| not_found(&input.name))
        })
        .await?;
    Ok(aws::DeleteClassifierResponse {})
}

/// On no classifier in particular.
pub fn get_access(_: &Ctx, _: &Glue, _: &aws::GetClassifierRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// GetClassifier.
pub async fn get(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetClassifierRequest,
) -> Result<aws::GetClassifierResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let classifier = glue.store.read(|tx| tx.get(CLASSIFIERS, &place.key(&input.name)))?;
    let classifier = classifier.ok_or_else(|| not_found(&input.name))?;
    Ok(aws::GetClassifierResponse { classifier: Some(show(input.name, classifier)) })
}

/// On no classifier in particular.
pub fn list_access(_: &Ctx, _: &Glue, _: &aws::GetClassifiersRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// GetClassifiers.
pub async fn list(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetClassifiersRequest,
) -> Result<aws::GetClassifiersResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let scope = "glue:GetClassifiers";
    let after = listing::cursor(ctx, scope, input.next_token)?;
    let read = glue.store.snapshot();
    let rows = read.scan(CLASSIFIERS, Span::under(place.prefix()).after(&place.key(&after)));
    let rows = rows.map(|row| row.map(|((_, _, name), classifier)| (name, classifier)));
    let page = listing::cut(rows, listing::size(input.max_results), |name, classifier| {
        Ok(Some(show(name.to_owned(), classifier)))
    })?;
    Ok(aws::GetClassifiersResponse {
        classifiers: Some(page.items),
        next_token: page.next.map(|cursor| ctx.page_token(scope, &cursor)),
    })
}

/// On no classifier in particular.
pub fn update_access(_: &Ctx, _: &Glue, _: &aws::UpdateClassifierRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// UpdateClassifier: what the request leaves out stays as it is; the version goes up by one.
pub async fn update(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::UpdateClassifierRequest,
) -> Result<aws::UpdateClassifierResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let aws::UpdateClassifierRequest { grok_classifier, xml_classifier, json_classifier, csv_classifier } = input;
    let change = only([
        grok_classifier.map(|grok| (grok.name.clone(), Change::Grok(grok))),
        xml_classifier.map(|xml| (xml.name.clone(), Change::Xml(xml))),
        json_classifier.map(|json| (json.name.clone(), Change::Json(json))),
        csv_classifier.map(|csv| (csv.name.clone(), Change::Csv(csv))),
    ])?;
    let (name, change) = change;
    let now = ctx.now();
    glue.store
        .write(move |tx| {
            let mut classifier = tx.get(CLASSIFIERS, &place.key(&name))?.ok_or_else(|| not_found(&name))?;
            change.apply(&mut classifier.rule)?;
            check(&classifier.rule)?;
            classifier.version += 1;
            classifier.updated = now;
            tx.put(CLASSIFIERS, &place.key(&name), &classifier)?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(aws::UpdateClassifierResponse {})
}

/// What a caller changes.
enum Change {
    Grok(aws::UpdateGrokClassifierRequest),
    Xml(aws::UpdateXMLClassifierRequest),
    Json(aws::UpdateJsonClassifierRequest),
    Csv(aws::UpdateCsvClassifierRequest),
}

impl Change {
    fn apply(self, rule: &mut Rule) -> Result<(), Error> {
        match (self, rule) {
            (Self::Grok(change), Rule::Grok { classification, grok_pattern, custom_patterns }) => {
                replace(classification, change.classification);
                replace(grok_pattern, change.grok_pattern);
                *custom_patterns = change.custom_patterns.or(custom_patterns.take());
            }
            (Self::Xml(change), Rule::Xml { classification, row_tag }) => {
                replace(classification, change.classification);
                *row_tag = change.row_tag.or(row_tag.take());
            }
            (Self::Json(change), Rule::Json { json_path }) => replace(json_path, change.json_path),
            (Self::Csv(change), Rule::Csv(csv)) => {
                let before = std::mem::take(csv);
                let (header, serde): (Option<String>, Option<String>) =
                    (Kept::keep(change.contains_header), Kept::keep(change.serde));
                *csv = CsvRule {
                    delimiter: change.delimiter.or(before.delimiter),
                    quote_symbol: change.quote_symbol.or(before.quote_symbol),
                    contains_header: header.or(before.contains_header),
                    header: change.header.or(before.header),
                    disable_value_trimming: change.disable_value_trimming.or(before.disable_value_trimming),
                    allow_single_column: change.allow_single_column.or(before.allow_single_column),
                    custom_datatype_configured: change.custom_datatype_configured.or(before.custom_datatype_configured),
                    custom_datatypes: change.custom_datatypes.or(before.custom_datatypes),
                    serde: serde.or(before.serde),
                };
            }
            _ => return Err(Error::invalid("The type of a classifier cannot be changed.")),
        }
        Ok(())
    }
}

fn replace(value: &mut String, by: Option<String>) {
    if let Some(by) = by {
        *value = by;
    }
}

/// The one classifier of a request.
fn only<T>(sent: [Option<T>; 4]) -> Result<T, Error> {
    let mut sent = sent.into_iter().flatten();
    match (sent.next(), sent.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Error::invalid(
            "Exactly one of GrokClassifier, XMLClassifier, JsonClassifier and CsvClassifier must be specified.",
        )),
    }
}

fn check(rule: &Rule) -> Result<(), Error> {
    match rule {
        Rule::Grok { grok_pattern, custom_patterns, .. } => {
            check_grok(grok_pattern)?;
            for line in custom_patterns.iter().flat_map(|patterns| patterns.lines()) {
                if let Some((_, pattern)) = line.trim().split_once(char::is_whitespace) {
                    check_grok(pattern)?;
                } else if !line.trim().is_empty() {
                    return Err(Error::invalid(format!("Custom pattern {line} has no definition.")));
                }
            }
            Ok(())
        }
        Rule::Json { json_path } if !json_path.starts_with('$') => {
            Err(Error::invalid(format!("JsonPath {json_path} is not valid: it must begin with $.")))
        }
        Rule::Json { .. } | Rule::Xml { .. } => Ok(()),
        Rule::Csv(csv) => check_csv(csv),
    }
}

/// Each `%{…}` is closed and names a pattern, and perhaps a column and its type.
fn check_grok(pattern: &str) -> Result<(), Error> {
    for reference in pattern.split("%{").skip(1) {
        let name = reference.split_once('}').map(|(name, _)| name).unwrap_or_default();
        let parts: Vec<&str> = name.split(':').collect();
        let is_word =
            |part: &&str| !part.is_empty() && part.chars().all(|char| char.is_alphanumeric() || "_-.".contains(char));
        if parts.len() > 3 || !parts.iter().all(is_word) {
            return Err(Error::invalid(format!("Grok pattern {pattern} is not valid.")));
        }
    }
    Ok(())
}

fn check_csv(csv: &CsvRule) -> Result<(), Error> {
    if csv.delimiter.is_some() && csv.delimiter == csv.quote_symbol {
        return Err(Error::invalid("Delimiter and quote symbol must be different."));
    }
    let header = csv.header.as_deref().unwrap_or_default();
    if header.iter().enumerate().any(|(index, name)| header[..index].contains(name)) {
        return Err(Error::invalid("Column names of a header must be unique."));
    }
    let types = csv.custom_datatypes.as_deref().unwrap_or_default();
    match types.iter().find(|kind| !CSV_TYPES.contains(&kind.to_uppercase().as_str())) {
        Some(kind) => Err(Error::invalid(format!("Custom datatype {kind} is not supported."))),
        None => Ok(()),
    }
}

fn not_found(name: &str) -> Error {
    Error::EntityNotFound(format!("Classifier {name} not found."))
}

fn show(name: String, classifier: Classifier) -> aws::Classifier {
    let Classifier { created, updated, version, rule } = classifier;
    let (creation_time, last_updated, version) = (Some(created), Some(updated), Some(version));
    let mut shown = aws::Classifier::default();
    match rule {
        Rule::Grok { classification, grok_pattern, custom_patterns } => {
            shown.grok_classifier = Some(aws::GrokClassifier {
                name,
                classification,
                creation_time,
                last_updated,
                version,
                grok_pattern,
                custom_patterns,
            });
        }
        Rule::Xml { classification, row_tag } => {
            shown.xml_classifier =
                Some(aws::XMLClassifier { name, classification, creation_time, last_updated, version, row_tag });
        }
        Rule::Json { json_path } => {
            shown.json_classifier = Some(aws::JsonClassifier { name, creation_time, last_updated, version, json_path });
        }
        Rule::Csv(csv) => {
            shown.csv_classifier = Some(aws::CsvClassifier {
                name,
                creation_time,
                last_updated,
                version,
                delimiter: csv.delimiter,
                quote_symbol: csv.quote_symbol,
                contains_header: Kept::show(csv.contains_header),
                header: csv.header,
                disable_value_trimming: csv.disable_value_trimming,
                allow_single_column: csv.allow_single_column,
                custom_datatype_configured: csv.custom_datatype_configured,
                custom_datatypes: csv.custom_datatypes,
                serde: Kept::show(csv.serde),
            });
        }
    }
    shown
}
