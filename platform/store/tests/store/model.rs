//! The store against a model: a sorted map does the same, and both must always agree.

use std::collections::BTreeMap;

use haar_store::{Read, Span, Store, StoreError};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{BY_DUE, BY_WORD, ITEMS, Item, ItemKey, assert_clean, in_memory};

type Model = BTreeMap<ItemKey, Item>;

#[derive(Clone, Debug)]
enum Op {
    Put(ItemKey, Item),
    Delete(ItemKey),
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Commit,
    Refuse,
    Panic,
}

fn key() -> impl Strategy<Value = ItemKey> {
    (prop_oneof![Just(""), Just("a"), Just("a\0"), Just("b")].prop_map(str::to_owned), 0..4u32)
}

fn op() -> impl Strategy<Value = Op> {
    let text = prop_oneof![Just("x"), Just("x y"), Just("y y"), Just("")];
    let item =
        (proptest::option::of(-2..3i64), text).prop_map(|(due, text)| Item { due, text: text.to_owned(), blob: None });
    prop_oneof![
        3 => (key(), item).prop_map(|(key, item)| Op::Put(key, item)),
        1 => key().prop_map(Op::Delete),
    ]
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![4 => Just(Ending::Commit), 1 => Just(Ending::Refuse), 1 => Just(Ending::Panic)]
}

/// Everything that both can be asked.
fn compare(found: &impl Read, model: &Model, probe: &ItemKey) -> Result<(), StoreError> {
    let all: Vec<_> = model.clone().into_iter().collect();
    assert_eq!(found.scan(ITEMS, Span::all()).collect::<Result<Vec<_>, _>>()?, all);
    let backward: Vec<_> = all.iter().rev().cloned().collect();
    assert_eq!(found.scan_back(ITEMS, Span::all()).collect::<Result<Vec<_>, _>>()?, backward);
    assert_eq!(found.count(ITEMS)?, all.len() as u64);
    assert_eq!(found.get(ITEMS, probe)?, model.get(probe).cloned());
    assert_eq!(found.contains(ITEMS, probe)?, model.contains_key(probe));

    let keys = |span: Span<ItemKey>| found.scan_keys(ITEMS, span).collect::<Result<Vec<_>, _>>();
    let expected = |fits: &dyn Fn(&ItemKey) -> bool| model.keys().filter(|key| fits(key)).cloned().collect::<Vec<_>>();
    let (group, number) = (probe.0.as_str(), probe.1);
    assert_eq!(keys(Span::under((group,)))?, expected(&|key| key.0 == group));
    assert_eq!(keys(Span::starting((), group))?, expected(&|key| key.0.starts_with(group)));
    assert_eq!(keys(Span::all().after(probe))?, expected(&|key| key > probe));
    assert_eq!(keys(Span::all().from(probe))?, expected(&|key| key >= probe));
    assert_eq!(keys(Span::all().before(probe))?, expected(&|key| key < probe));
    assert_eq!(keys(Span::between((group,), ..=number))?, expected(&|key| key.0 == group && key.1 <= number));
    assert_eq!(keys(Span::between((group,), number..))?, expected(&|key| key.0 == group && key.1 >= number));
    assert_eq!(
        keys(Span::between((group,), 1..number))?,
        expected(&|key| key.0 == group && (1..number).contains(&key.1))
    );

    let mut due: Vec<_> =
        model.iter().filter_map(|(key, item)| Some(((key.0.clone(), item.due?), key.clone(), item.clone()))).collect();
    due.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    assert_eq!(found.scan_index(BY_DUE, Span::all()).collect::<Result<Vec<_>, _>>()?, due);
    if let Some((middle, key, _)) = due.get(due.len() / 2) {
        let after: Vec<_> = found.scan_index(BY_DUE, Span::all().after_entry(middle, key)).collect::<Result<_, _>>()?;
        assert_eq!(after, due[due.len() / 2 + 1..]);
        let before: Vec<_> =
            found.scan_index_back(BY_DUE, Span::all().before_entry(middle, key)).collect::<Result<_, _>>()?;
        assert_eq!(before, due[..due.len() / 2].iter().rev().cloned().collect::<Vec<_>>());
    }
    let named = |word: &str| words_of(model).into_iter().filter(|entry| entry.0 == word).count() as u64;
    assert_eq!(found.count_index(BY_WORD, Span::only("x"))?, named("x"));
    assert_eq!(keys(Span::only(probe))?, expected(&|key| key == probe));
    let due_by_zero = due.iter().filter(|entry| entry.0.0 == group && entry.0.1 <= 0).count() as u64;
    assert_eq!(found.count_index(BY_DUE, Span::between((group,), ..=0i64))?, due_by_zero);

    assert_eq!(found.scan_index_keys(BY_WORD, Span::all()).collect::<Result<Vec<_>, _>>()?, words_of(model));
    Ok(())
}

/// The entries that the index of words should have.
fn words_of(model: &Model) -> Vec<(String, ItemKey)> {
    let mut words: Vec<_> = model
        .iter()
        .flat_map(|(key, item)| item.text.split(' ').map(move |word| (word.to_owned(), key.clone())))
        .collect();
    words.sort();
    words.dedup();
    words
}

fn apply(model: &mut Model, op: &Op) {
    match op {
        Op::Put(key, item) => model.insert(key.clone(), item.clone()),
        Op::Delete(key) => model.remove(key),
    };
}

async fn run(store: &Store, model: &mut Model, ops: Vec<Op>, ending: Ending, probe: ItemKey) {
    let mut after = model.clone();
    ops.iter().for_each(|op| apply(&mut after, op));
    let (expected, inner_probe) = (after.clone(), probe.clone());
    let answer = store
        .write(move |tx| {
            for op in &ops {
                match op {
                    Op::Put(key, item) => tx.put(ITEMS, key, item)?,
                    Op::Delete(key) => drop(tx.delete(ITEMS, key)?),
                }
            }
            compare(tx, &expected, &inner_probe)?;
            match ending {
                Ending::Commit => Ok(()),
                Ending::Refuse => Err(StoreError::Closed),
                // Without the panic hook's noise.
                Ending::Panic => std::panic::resume_unwind(Box::new("on purpose")),
            }
        })
        .await;
    match (ending, answer) {
        (Ending::Commit, Ok(())) => *model = after,
        (Ending::Refuse, Err(StoreError::Closed)) => {}
        (Ending::Panic, Err(StoreError::Panicked(text))) if text == "on purpose" => {}
        (_, answer) => panic!("{ending:?} was answered with {answer:?}"),
    }
    store.read(|now| compare(now, model, &probe)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn store_and_model_agree(transactions in vec((vec(op(), 0..8), ending(), key()), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = in_memory();
            let mut model = Model::new();
            for (ops, ending, probe) in transactions {
                run(&store, &mut model, ops, ending, probe).await;
            }
            assert_clean(&store).await;
        });
    }

    /// The same, with all transactions in flight at once, so that they share batches.
    #[test]
    fn concurrent_transactions_happen_one_after_another(transactions in vec((vec(op(), 0..8), ending()), 1..16)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = in_memory();
            let mut model = Model::new();
            let mut tasks = Vec::new();
            for (ops, ending) in transactions {
                if let Ending::Commit = ending {
                    ops.iter().for_each(|op| apply(&mut model, op));
                }
                let store = store.clone();
                // A single-threaded runtime starts tasks in the order of their making.
                tasks.push(tokio::spawn(async move {
                    let _ = store.write(move |tx| {
                        for op in &ops {
                            match op {
                                Op::Put(key, item) => tx.put(ITEMS, key, item)?,
                                Op::Delete(key) => drop(tx.delete(ITEMS, key)?),
                            }
                        }
                        match ending {
                            Ending::Commit => Ok(()),
                            Ending::Refuse => Err(StoreError::Closed),
                            Ending::Panic => std::panic::resume_unwind(Box::new("on purpose")),
                        }
                    }).await;
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
            store.read(|now| compare(now, &model, &("a".to_owned(), 2))).unwrap();
            assert_clean(&store).await;
        });
    }
}
