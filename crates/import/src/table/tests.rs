use super::*;

const CALENDAR: &[&str] = &["listing_id", "date", "available"];

/// Every record as its fields joined by `|`, or its problem.
fn records(text: &'static [u8]) -> Vec<String> {
    let mut table = Table::open(Part::Calendar, &Source::Bytes("calendar.csv", text), CALENDAR).unwrap();
    let mut records = Vec::new();
    loop {
        match table.next().unwrap() {
            Next::Row(row) => {
                let fields = ["listing_id", "date", "available", "nothing"].map(|name| row.get(name));
                records.push(format!("{}: {}", row.position.line, fields.join("|")));
            }
            Next::Broken(problem) => records.push(problem.to_string()),
            Next::End => return records,
        }
    }
}

#[test]
fn columns_are_found_by_name_with_any_bom_and_line_end() {
    for text in [
        b"listing_id,date,available\n1,2023-09-23,t\n2,x,f\n".as_slice(),
        b"\xef\xbb\xbflisting_id,date,available\r\n1,2023-09-23,t\r\n2,x,f",
        b"\xef\xbb\xbf\"listing_id\",date,available\n1,2023-09-23,t\n\n2,x,f\n",
        b"Listing_ID,extra,date,available\n1,,2023-09-23,t\n2,,x,f\n",
    ] {
        let records = records(text);
        assert!(records[0].ends_with(": 1|2023-09-23|t|"), "{records:?}");
        assert!(records[1].ends_with(": 2|x|f|"), "{records:?}");
        assert_eq!(records.len(), 2);
    }
    assert_eq!(records(b"listing_id,date,available\r1,a,t\r2,b,f\r").len(), 2, "lone CR ends records too");
}

#[test]
fn line_ends_inside_quotes_are_kept_and_counted() {
    let found = records(b"listing_id,date,available\n1,\"a\r\rb\r\nc\nd\",\"\"\"t\"\"\"\n2,x,f\n");
    assert_eq!(found, ["2: 1|a\r\rb\r\nc\nd|\"t\"|", "5: 2|x|f|"]);
}

#[test]
fn records_that_cannot_be_read_are_reported_and_skipped() {
    let found = records(b"listing_id,date,available\n1,a\n985940069189910173,b,t,more\n3,\xff\xfe,t\n4,d,f\n");
    assert_eq!(
        found,
        [
            "calendar, line 2 (record 1, id 1): skipped: 2 fields instead of 3, over 1 line(s)",
            "calendar, line 3 (record 2, id 985940069189910173): skipped: 4 fields instead of 3, over 1 line(s)",
            "calendar, line 4 (record 3, id 3): skipped: the text in `date` is not UTF-8",
            "5: 4|d|f|",
        ]
    );
}

/// A column name can be as long as a record, and a report has a line for each skipped record.
#[test]
fn a_reason_quotes_only_the_beginning_of_a_column_name() {
    let header = format!("listing_id,date,available,{}\n", "x".repeat(10_000));
    let found = records(Box::leak([header.as_bytes(), b"1,d,t,\xff\n"].concat().into_boxed_slice()));
    assert!(found[0].contains("xxx` is not UTF-8") && found[0].len() < 200, "{found:?}");
}

#[test]
fn a_character_split_over_two_fields_is_not_utf8() {
    let found = records(b"listing_id,date,available\n1,\xc3,\xa9\n");
    assert!(found[0].contains("not UTF-8"), "{found:?}");
}

#[test]
fn missing_columns_and_missing_files_are_reported() {
    for (text, expected) in [
        (b"listing_id,price\n1,2\n".as_slice(), "has no column date, available"),
        (b"listing_id\n1\n", "has no column date, available"),
        (b"", "is empty"),
        // I8, too.
        (b"404: Not Found", "is not a CSV table: it begins with `404: not found`"),
        (b"\0", "is not text"),
        (b"listing_id\tdate\tavailable\n1\t2\t3\n", "has columns separated by tabs"),
    ] {
        let error = Table::open(Part::Calendar, &Source::Bytes("x.csv", text), CALENDAR).err().unwrap();
        let error = error.to_string();
        assert!(error.contains("x.csv") && error.to_lowercase().contains(&expected.to_lowercase()), "{error}");
    }
    let error = Table::open(Part::Reviews, &Source::File("/no/such/file".into()), &[]).err().unwrap();
    assert!(error.to_string().contains("/no/such/file"), "{error}");
}

#[test]
fn a_truncated_gzip_file_is_an_error() {
    let error = Table::open(Part::Calendar, &Source::Bytes("x.gz", b"\x1f\x8b\x08\x00\x00"), CALENDAR).err().unwrap();
    assert!(error.to_string().contains("x.gz"), "{error}");
}

#[test]
fn fields_are_parsed_strictly() {
    assert_eq!(id("985940069189910173", "id"), Ok(985_940_069_189_910_173));
    for text in ["", "0", "-1", "1.0", "9.8e17", "99999999999999999999"] {
        assert!(id(text, "id").is_err(), "{text}");
    }
    assert_eq!(whole("3.0", "beds"), Ok(Some(3)));
    assert_eq!(whole(" ", "beds"), Ok(None));
    assert!(whole("N/A", "beds").is_err() && whole("-2", "beds").is_err() && whole("3.5", "beds").is_err());
    assert_eq!(date("2024-02-29", "date"), Ok(chrono::NaiveDate::from_ymd_opt(2024, 2, 29)));
    for text in ["2023-02-29", "23-09-23", "2023-9-3", "2023/09/23", "+023-01-01", "0001-01-01", "2023-09-23x"] {
        assert!(date(text, "date").is_err(), "{text}");
    }
    assert_eq!(flag("t", "x"), Ok(Some(true)));
    assert_eq!(flag("", "x"), Ok(None));
    assert!(flag("N/A", "x").is_err());
}
