//! Compares what somebody types with names, with some tolerance.
//!
//! A typo is a letter that is missing, extra, another one, or swapped with its neighbor: the distance of Damerau and Levenshtein, in which no part
//! of a word is changed twice.

use types::MAX_KEY;

/// More than the letters of a key, and of a name with as many typos.
const WIDTH: usize = MAX_KEY + 4;

/// What was typed.
#[derive(Debug)]
pub struct Typed {
    letters: Vec<char>,
    /// The most typos that are tolerated.
    most: usize,
}

impl Typed {
    /// A key as `search_key` makes it: with one typo from four letters on, and two from eight on.
    pub fn new(key: &str) -> Self {
        let letters: Vec<_> = key.chars().collect();
        let most = match letters.len() {
            0..4 => 0,
            4..8 => 1,
            _ => 2,
        };
        Self { letters, most }
    }

    /// The fewest typos with which a name begins with what was typed; None: too many.
    pub fn typos(&self, name: &str) -> Option<usize> {
        // Letters after these would be missing, each a typo.
        let mut letters = ['\0'; WIDTH];
        let mut len = 0;
        for letter in name.chars().take((self.letters.len() + self.most).min(WIDTH - 1)) {
            letters[len] = letter;
            len += 1;
        }
        self.compare(&letters[..len])
    }

    /// The table of distances of beginnings, of which three rows are needed at a time. They are on the stack, because each name is compared.
    fn compare(&self, name: &[char]) -> Option<usize> {
        let mut rows = [[0_usize; WIDTH]; 3];
        rows[0] = std::array::from_fn(|at| at);
        for (index, letter) in self.letters.iter().enumerate() {
            let [row, last, next] = &mut rows;
            next[0] = index + 1;
            for (at, other) in name.iter().enumerate() {
                let changed = row[at] + usize::from(letter != other);
                let mut typos = changed.min(row[at + 1] + 1).min(next[at] + 1);
                if index > 0 && at > 0 && *letter == name[at - 1] && self.letters[index - 1] == *other {
                    typos = typos.min(last[at - 1] + 1);
                }
                next[at + 1] = typos;
            }
            if next[..=name.len()].iter().all(|typos| *typos > self.most) {
                return None;
            }
            // The next row becomes the current one, and that one the last.
            rows.rotate_right(1);
        }
        rows[0][..=name.len()].iter().min().copied().filter(|typos| *typos <= self.most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The distance of two whole words, by its definition.
    fn distance(a: &[char], b: &[char]) -> usize {
        let (Some((x, a_rest)), Some((y, b_rest))) = (a.split_last(), b.split_last()) else {
            return a.len().max(b.len());
        };
        let simple =
            (distance(a_rest, b_rest) + usize::from(x != y)).min(distance(a_rest, b) + 1).min(distance(a, b_rest) + 1);
        match (a_rest.split_last(), b_rest.split_last()) {
            (Some((before_x, a_start)), Some((before_y, b_start))) if before_x == y && before_y == x => {
                simple.min(distance(a_start, b_start) + 1)
            }
            _ => simple,
        }
    }

    #[test]
    fn a_name_can_be_found_before_it_is_typed_to_its_end() {
        for (typed, name, typos) in [
            ("sing", "singapore", Some(0)),
            ("sinapore", "singapore", Some(1)),
            ("singpaore", "singapore", Some(1)),
            ("xingapore", "singapore", Some(1)),
            ("singaporee", "singapore", Some(1)),
            ("berlni", "berlin", Some(1)),
            ("ber", "bre", None),
            ("brel", "berlin", Some(1)),
            ("munchne", "munchen", Some(1)),
            ("bangkock", "bangkok", Some(1)),
            ("bankkock", "bangkok", Some(2)),
            ("bamkkock", "bangkok", None),
            ("rome", "paris", None),
        ] {
            assert_eq!(Typed::new(typed).typos(name), typos, "{typed} {name}");
        }
    }

    proptest! {
        #[test]
        fn typos_are_counted_as_they_are_defined(typed in "[abc]{1,9}", name in "[abc]{0,9}") {
            let wanted = Typed::new(&typed);
            let letters: Vec<char> = name.chars().collect();
            let least = (0..=letters.len()).map(|end| distance(&wanted.letters, &letters[..end])).min().unwrap();
            prop_assert_eq!(wanted.typos(&name), (least <= wanted.most).then_some(least));
        }
    }
}
