//! Statements that parse, and refusals with their place and what was expected.
#![allow(clippy::unwrap_used)]

use super::{parse_expression, parse_statement};
use crate::trino::syntax::ast::{Arithmetic, ExprKind};

fn refusal(sql: &str) -> String {
    parse_statement(sql).unwrap_err().to_string()
}

#[test]
fn reserved_words_are_sorted() {
    assert!(super::RESERVED.is_sorted());
}

#[test]
fn what_trino_takes_parses() {
    for sql in [
        "SELECT 1",
        "SELECT a.b.c, a.*, (ROW(1, 2)).* AS (x, y) FROM t AS a (b, c)",
        "select x -> x + 1, (x, y) -> x, () -> 1",
        "SELECT ARRAY[1, 2][1], MAP(ARRAY[1], ARRAY[2])[1], (1, 2), ROW(1), (SELECT 1), ((SELECT 1) + 1)",
        "SELECT CAST(x AS ROW(a bigint, b array(varchar(3)))), TRY_CAST(y AS timestamp(3) with time zone)",
        "SELECT CAST(x AS ROW(bigint, double precision)), CAST(x AS map<varchar, array<bigint>>), CAST(x AS bigint array)",
        "SELECT INTERVAL '3' DAY, INTERVAL -'2-3' YEAR TO MONTH, DATE '2020-01-01', JSON '{}', X'00', U&'\\2603'",
        "SELECT t AT TIME ZONE 'UTC', EXTRACT(YEAR FROM t), POSITION('a' IN b), TRIM(BOTH 'x' FROM y), NORMALIZE(x, NFD)",
        "SELECT count(*) FILTER (WHERE a > 1) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
        "SELECT lag(a, 1) IGNORE NULLS OVER w FROM t WINDOW w AS (ORDER BY b)",
        "SELECT listagg(DISTINCT a, ',' ON OVERFLOW TRUNCATE '…' WITH COUNT) WITHIN GROUP (ORDER BY b DESC)",
        "SELECT * FROM t WHERE a = ANY (SELECT 1) AND b > ALL (VALUES 1, 2) AND c IN (1, 2) AND d IN (SELECT 1)",
        "SELECT * FROM t, UNNEST(t.a, t.m) WITH ORDINALITY AS u (x, k, v, n) LEFT JOIN UNNEST(b) ON TRUE",
        "SELECT * FROM ((SELECT 1) UNION ALL (SELECT 2)) AS x CROSS JOIN (a JOIN b USING (id))",
        "SELECT * FROM ((a JOIN b ON TRUE) JOIN c ON TRUE)",
        "SELECT * FROM (((SELECT 1) t CROSS JOIN b))",
        "SELECT * FROM a NATURAL JOIN b",
        "SELECT * FROM t TABLESAMPLE BERNOULLI (10), LATERAL (SELECT t.a)",
        "SELECT * FROM t FOR VERSION AS OF 12, u FOR TIMESTAMP AS OF TIMESTAMP '2020-01-01 00:00:00 UTC' AS v",
        "SELECT a FROM t GROUP BY 1, ROLLUP (a, b), GROUPING SETS ((a), (), (a, b)), CUBE (c) HAVING count(*) > 1",
        "SELECT a FROM t ORDER BY a DESC NULLS FIRST OFFSET 2 ROWS FETCH FIRST 3 ROWS WITH TIES",
        "SELECT a limit, b offset FROM t limit LIMIT 5",
        "SELECT a FROM t LIMIT ALL",
        "SELECT a FROM t WHERE b = ? OFFSET ? LIMIT ?",
        "VALUES 1, 2",
        "VALUES (1, 'a'), (2, 'b') ORDER BY 1",
        "TABLE t",
        "WITH RECURSIVE r (n) AS (VALUES 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
        "(SELECT 1) EXCEPT ALL (SELECT 2) INTERSECT SELECT 3;",
        "SELECT JSON_QUERY(x, 'lax $.a' RETURNING varchar WITH ARRAY WRAPPER NULL ON EMPTY ERROR ON ERROR)",
        "SELECT JSON_VALUE(x, 'lax $.a' RETURNING bigint DEFAULT 1 ON EMPTY NULL ON ERROR), JSON_EXISTS(x, '$')",
        "SELECT JSON_OBJECT('a' VALUE 1, KEY 'b' VALUE 2, 'c' : 3 ABSENT ON NULL), JSON_ARRAY(1, 2 NULL ON NULL)",
        "SELECT if(a, b, c), coalesce(a, b), nullif(a, b), try(a), date(x), year(y), current_timestamp(3)",
        "SELECT a IS NOT DISTINCT FROM b, a NOT LIKE 'x' ESCAPE '\\', NOT a BETWEEN 1 AND 2 OR TRUE",
        "SELECT sum(x) OVER (w ROWS 2 PRECEDING), rank() OVER (), first_value(x) OVER (GROUPS UNBOUNDED PRECEDING)",
        "SELECT CASE a WHEN 1 THEN 2 END, CASE WHEN a THEN b ELSE c END",
        "SELECT -- comment\n 1 /* another */ + 2",
    ] {
        parse_statement(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

#[test]
fn operators_bind_as_trinos() {
    let expr = parse_expression("1 + 2 * 3 || 'x'").unwrap();
    let ExprKind::Concat(sum, _) = *expr.kind else { panic!("|| binds loosest") };
    assert!(matches!(*sum.kind, ExprKind::Arithmetic(Arithmetic::Add, _, _)));
    assert_eq!(parse_expression("NOT a = b AND c").unwrap(), parse_expression("(NOT (a = b)) AND c").unwrap());
    assert_eq!(
        parse_expression("-9223372036854775808").unwrap().kind.as_ref().clone(),
        ExprKind::Integer("-9223372036854775808".into())
    );
}

#[test]
fn a_refusal_names_the_word_its_place_and_what_fits() {
    assert_eq!(
        refusal("SELECT * FORM t"),
        "SYNTAX_ERROR: line 1:10: mismatched input 'FORM'. Expecting: ',', 'EXCEPT', 'FETCH', 'FROM', 'GROUP', \
         'HAVING', 'INTERSECT', 'LIMIT', 'OFFSET', 'ORDER', 'UNION', 'WHERE', 'WINDOW', <EOF>"
    );
    assert_eq!(
        refusal("SELECT\n  FROM t"),
        "SYNTAX_ERROR: line 2:3: mismatched input 'FROM'. Expecting: '*', 'ALL', 'DISTINCT', <expression>"
    );
    assert_eq!(refusal("SELECT a FROM"), "SYNTAX_ERROR: line 1:14: mismatched input '<EOF>'. Expecting: <relation>");
    assert!(
        refusal("SELECT (1 + ")
            .starts_with("SYNTAX_ERROR: line 1:13: mismatched input '<EOF>'. Expecting: <expression>")
    );
    assert!(refusal("FOO").starts_with("SYNTAX_ERROR: line 1:1: mismatched input 'FOO'. Expecting: "));
}

#[test]
fn what_only_other_dialects_take_is_refused() {
    for (sql, place) in [
        ("SELECT a::bigint FROM t", "line 1:9: mismatched input ':'"),
        ("SELECT a FROM t QUALIFY row_number() OVER () = 1", "line 1:25: mismatched input 'row_number'"),
        ("SELECT a FROM t LIMIT 1, 2", "line 1:24: mismatched input ','"),
        ("SELECT a FROM t LIMIT 1 OFFSET 2", "line 1:25: mismatched input 'OFFSET'"),
        ("SELECT a BETWEEN SYMMETRIC 1 AND 2", "line 1:28: mismatched input '1'"),
        ("SELECT 1 == 1", "line 1:11: mismatched input '='"),
        ("SELECT a ILIKE 'x'", "line 1:16: mismatched input ''x''"),
        ("SELECT 1 = 1 = 1", "line 1:14: mismatched input '='"),
        ("SELECT 1; SELECT 2", "line 1:9: mismatched input ';'"),
    ] {
        let refusal = refusal(sql);
        assert!(refusal.starts_with(&format!("SYNTAX_ERROR: {place}")), "{sql}: {refusal}");
    }
    assert_eq!(
        refusal("SELECT 1 UNION CORRESPONDING SELECT 2"),
        "NOT_SUPPORTED: line 1:16: CORRESPONDING in set operation is not supported"
    );
    assert_eq!(
        refusal("SELECT * FROM t MATCH_RECOGNIZE (PATTERN (a))"),
        "NOT_SUPPORTED: line 1:17: MATCH_RECOGNIZE is not supported"
    );
}

#[test]
fn deep_nesting_is_refused_and_does_not_exhaust_the_stack() {
    let deep = format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(refusal(&deep).starts_with("STACK_OVERFLOW"));
}
