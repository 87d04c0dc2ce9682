//! Classifiers of every kind, and what is refused of them.

use super::*;

fn grok(name: &str, pattern: &str) -> CreateClassifierRequest {
    CreateClassifierRequest {
        grok_classifier: Some(CreateGrokClassifierRequest {
            name: name.into(),
            classification: "log".into(),
            grok_pattern: pattern.into(),
            custom_patterns: Some("LEVEL (INFO|WARN)\nLINE %{LEVEL:level}".into()),
        }),
        ..Default::default()
    }
}

fn csv(csv: CreateCsvClassifierRequest) -> CreateClassifierRequest {
    CreateClassifierRequest {
        csv_classifier: Some(CreateCsvClassifierRequest { name: "c".into(), ..csv }),
        ..Default::default()
    }
}

async fn get(house: &TestHouse, name: &str) -> Result<Classifier, Fault> {
    let answer = house.call::<aws::GetClassifier>(GetClassifierRequest { name: name.into() }).await?;
    Ok(answer.classifier.unwrap())
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_counts_versions() {
    let house = open();
    house.call::<aws::CreateClassifier>(grok("g", "%{LINE} %{NUMBER:count:int}")).await.unwrap();
    let update = UpdateClassifierRequest {
        grok_classifier: Some(UpdateGrokClassifierRequest {
            name: "g".into(),
            classification: Some("other".into()),
            ..Default::default()
        }),
        ..Default::default()
    };
    house.call::<aws::UpdateClassifier>(update).await.unwrap();
    let got = get(&house, "g").await.unwrap().grok_classifier.unwrap();
    assert_eq!((got.classification.as_str(), got.version), ("other", Some(2)));
    assert_eq!(got.grok_pattern, "%{LINE} %{NUMBER:count:int}");
    let as_json = UpdateClassifierRequest {
        json_classifier: Some(UpdateJsonClassifierRequest { name: "g".into(), ..Default::default() }),
        ..Default::default()
    };
    let answer = house.call::<aws::UpdateClassifier>(as_json).await;
    assert_eq!(refusal(answer), "InvalidInputException: The type of a classifier cannot be changed.");
}

#[tokio::test]
async fn every_kind_is_answered_as_it_was_sent() {
    let house = open();
    let sent = CreateCsvClassifierRequest {
        delimiter: Some("|".into()),
        quote_symbol: Some("'".into()),
        contains_header: Some(CsvHeaderOption::Absent),
        header: Some(texts(&["a", "b"])),
        custom_datatypes: Some(texts(&["INT", "string"])),
        serde: Some(CsvSerdeOption::OpenCsvSerDe),
        ..Default::default()
    };
    house.call::<aws::CreateClassifier>(csv(sent)).await.unwrap();
    let got = get(&house, "c").await.unwrap().csv_classifier.unwrap();
    assert_eq!((got.delimiter.as_deref(), got.contains_header), (Some("|"), Some(CsvHeaderOption::Absent)));
    assert_eq!((got.header, got.serde), (Some(texts(&["a", "b"])), Some(CsvSerdeOption::OpenCsvSerDe)));
    let xml =
        CreateXMLClassifierRequest { name: "x".into(), classification: "xml".into(), row_tag: Some("row".into()) };
    let request = CreateClassifierRequest { xml_classifier: Some(xml), ..Default::default() };
    house.call::<aws::CreateClassifier>(request).await.unwrap();
    let json = CreateJsonClassifierRequest { name: "j".into(), json_path: "$.rows[*]".into() };
    let request = CreateClassifierRequest { json_classifier: Some(json), ..Default::default() };
    house.call::<aws::CreateClassifier>(request).await.unwrap();
    let list = house.call::<aws::GetClassifiers>(GetClassifiersRequest::default()).await.unwrap();
    let list = list.classifiers.unwrap();
    assert_eq!(list.len(), 3);
    assert_eq!(list[1].json_classifier.as_ref().unwrap().json_path, "$.rows[*]");
    assert_eq!(list[2].xml_classifier.as_ref().unwrap().row_tag.as_deref(), Some("row"));
}

#[tokio::test]
async fn what_cannot_work_is_refused() {
    let house = open();
    let same = CreateCsvClassifierRequest {
        delimiter: Some(",".into()),
        quote_symbol: Some(",".into()),
        ..Default::default()
    };
    let twice = CreateCsvClassifierRequest { header: Some(texts(&["a", "a"])), ..Default::default() };
    let kind = CreateCsvClassifierRequest { custom_datatypes: Some(texts(&["MAP"])), ..Default::default() };
    let path = CreateJsonClassifierRequest { name: "j".into(), json_path: "rows".into() };
    for request in [
        grok("g", "%{LINE"),
        grok("g", "%{}"),
        csv(same),
        csv(twice),
        csv(kind),
        CreateClassifierRequest { json_classifier: Some(path), ..Default::default() },
        CreateClassifierRequest::default(),
        CreateClassifierRequest { csv_classifier: csv(Default::default()).csv_classifier, ..grok("g", "x") },
    ] {
        let answer = house.call::<aws::CreateClassifier>(request).await;
        assert_eq!(answer.expect_err("a refusal").name, "InvalidInputException");
    }
    house.call::<aws::CreateClassifier>(grok("g", "x")).await.unwrap();
    let again = house.call::<aws::CreateClassifier>(grok("g", "x")).await;
    assert_eq!(refusal(again), "AlreadyExistsException: Classifier with name g already exists.");
    house.call::<aws::DeleteClassifier>(DeleteClassifierRequest { name: "g".into() }).await.unwrap();
    assert_eq!(refusal(get(&house, "g").await), "EntityNotFoundException: Classifier g not found.");
}
