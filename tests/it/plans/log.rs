//! MariaDB's log of the plan of each statement.

use std::collections::BTreeMap;

/// One table of one statement, as the database read it.
#[derive(Debug)]
pub struct Step {
    pub table: String,
    access: String,
    key: String,
    /// Rows read each time; none when the step was not reached.
    pub rows: Option<f64>,
}

impl Step {
    /// Reads a line of the plan: `id select_type table type possible_keys key key_len ref rows r_rows …`.
    fn read(line: &str) -> Option<Self> {
        let columns: Vec<_> = line.split('\t').collect();
        let [_, _, table, access, _, key, _, _, _, rows, ..] = columns[..] else { return None };
        let is_table = table != "table" && table != "NULL" && !table.starts_with('<');
        is_table.then(|| Self { table: table.into(), access: access.into(), key: key.into(), rows: rows.parse().ok() })
    }

    /// Whether a whole table or index was read.
    pub fn is_scan(&self) -> bool {
        matches!(self.access.as_str(), "ALL" | "index") || self.key == "NULL"
    }
}

/// The statements that ran, by text, and their plans.
pub fn plans(log: &str) -> BTreeMap<String, Vec<Step>> {
    let mut plans = BTreeMap::new();
    let mut steps = Vec::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(line) = line.strip_prefix("# explain: ") {
            steps.extend(Step::read(line));
        } else if line.starts_with("SET timestamp=") {
            let mut text = String::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("# ")) {
                text.push_str(line);
            }
            if !steps.is_empty() {
                plans.insert(text, std::mem::take(&mut steps));
            }
        }
    }
    plans
}

#[test]
fn a_plan_distinguishes_a_scan_from_a_lookup() {
    let log = "# explain: id\tselect_type\ttable\ttype\tpossible_keys\tkey\tkey_len\tref\trows\tr_rows\tfiltered\tr_filtered\tExtra\n\
               # explain: 1\tSIMPLE\tl\tALL\tNULL\tNULL\tNULL\tNULL\t3307\t3483.00\t100.00\t19.15\tUsing where\n\
               # explain: 1\tSIMPLE\tu\teq_ref\tPRIMARY\tPRIMARY\t16\tl.host_id\t1\t1.00\t100.00\t100.00\t\n\
               # explain: 1\tPRIMARY\t<derived2>\tALL\tNULL\tNULL\tNULL\tNULL\t2\tNULL\t100.00\tNULL\t\n#\nSET timestamp=1;\nSELECT 1;\n";
    let plans = plans(log);
    let steps = &plans["SELECT 1;"];
    assert_eq!(
        steps.iter().map(|step| (step.is_scan(), step.rows)).collect::<Vec<_>>(),
        [(true, Some(3483.0)), (false, Some(1.0))]
    );
}
