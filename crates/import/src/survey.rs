//! A first pass over the files, before anything is written: the location of the listings, and those
//! without a price.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    ImportError, Options, Part, calendar,
    cities::{self, City},
    listings, places, price,
    source::Source,
    stage::Kind,
    table::{self, Next, Row, Table},
};
use domain::listings::zone_at;
use mysql_engine::Conn;
use store::imports;
use types::{Currency, Point};

/// Maximum distance between listings of one city. Kilometers.
const FAR: f64 = 300.0;
/// The percentage of listings that must be in one country.
const MOST: usize = 90;

/// Counts how often each text occurs.
#[derive(Debug, Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn add(&mut self, text: String) {
        if !text.is_empty() {
            *self.0.entry(text).or_default() += 1;
        }
    }

    /// The most frequent text; of equally frequent ones the first in alphabetical order.
    fn most(&self) -> Option<(&str, usize)> {
        let most = self.0.values().max()?;
        self.0.iter().find(|(_, count)| *count == most).map(|(text, count)| (text.as_str(), *count))
    }
}

/// The contents of a file of listings.
#[derive(Debug, Default)]
struct Survey {
    /// IDs in the dataset.
    ids: Vec<u64>,
    /// IDs of listings without a price.
    unpriced: HashSet<u64>,
    points: Vec<Point>,
    /// From the time zones of the points.
    countries: Counts,
    /// The columns `city` and `country_code`, which files until 2019 have.
    cities: Counts,
    country_codes: Counts,
    /// The first part of the column `neighbourhood` if it is `city, region, country`.
    locations: Counts,
}

/// Facts about all listings of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DatasetFacts {
    /// The name of the city. `None` only if no listing has a location.
    pub(super) city: Option<String>,
    /// The currency of the prices.
    pub(super) currency: Currency,
    /// Prices for listings without their own: the most frequent price of their calendar.
    pub(super) prices: HashMap<u64, i64>,
    /// Contradictions within the file or with the database. Empty unless the import is forced.
    pub(super) contradictions: Vec<String>,
}

impl DatasetFacts {
    /// All facts besides the record itself that affect how it is imported: part of every
    /// fingerprint.
    pub(super) fn key(&self, rules: u8) -> String {
        let prices: BTreeMap<_, _> = self.prices.iter().collect();
        format!("{rules}|{:?}|{}|{prices:?}", self.city, self.currency)
    }
}

/// Surveys the files of `options`, and compares them with the options and the database.
pub(super) async fn run(conn: &mut Conn, options: &Options) -> Result<DatasetFacts, ImportError> {
    let all = options.clone();
    let survey = tokio::task::spawn_blocking(move || {
        let survey = read(&all.listings)?;
        // So that a wrong file is reported before anything is written.
        for (part, source) in [(Part::Reviews, &all.reviews), (Part::Calendar, &all.calendar)] {
            let required = match part {
                Part::Calendar => calendar::Reader::REQUIRED,
                _ => super::reviews::Reader::REQUIRED,
            };
            source.as_ref().map(|source| Table::open(part, source, required)).transpose()?;
        }
        Ok::<_, ImportError>(survey)
    });
    let survey = survey.await.map_err(|_| ImportError::Reader(Part::Listings))??;
    let known = cities::around(&survey.points);
    let given = options.city.as_deref().map(|city| super::text::line(city, 100)).filter(|city| !city.is_empty());
    let city = given.or_else(|| survey.city(known));
    let usual = survey.currency(known);
    let currency = match options.currency.or(usual) {
        Some(currency) => currency,
        // Without a location, no listing can be used.
        None if survey.points.is_empty() => Currency::EUR,
        None => return Err(ImportError::Currency { file: options.listings.clone() }),
    };
    let mut contradictions = survey.contradictions(options, currency, usual);
    contradictions.extend(in_database(conn, &survey, city.as_deref(), currency).await?);
    if !options.force && !contradictions.is_empty() {
        return Err(ImportError::Contradiction(contradictions));
    }
    let mut prices = HashMap::new();
    if let Some(calendar) = options.calendar.clone().filter(|_| !survey.unpriced.is_empty()) {
        prices = calendar::usual_prices(calendar, survey.unpriced, currency).await?;
    }
    Ok(DatasetFacts { city, currency, prices, contradictions })
}

/// Contradictions with the listings in the database.
async fn in_database(
    conn: &mut Conn,
    survey: &Survey,
    city: Option<&str>,
    currency: Currency,
) -> Result<Option<String>, ImportError> {
    let Some((city, middle)) = city.zip(cities::middle(&survey.points)) else { return Ok(None) };
    let there = imports::places_of(conn, &survey.ids).await?;
    let is_other = |place: &&imports::KnownPlace| place.city != city || place.currency != currency;
    let others: usize = there.iter().filter(is_other).map(|place| place.listings).sum();
    let all: usize = there.iter().map(|place| place.listings).sum();
    // Some hosts may have moved their listings.
    if let Some(place) = there.iter().find(is_other).filter(|_| others * 2 > all) {
        return Ok(Some(format!(
            "{others} of these listings are in the database already, in {} with prices in {}, but this import is for {city} with \
             prices in {currency}",
            place.city, place.currency
        )));
    }
    let Some((latitude, longitude)) = imports::middle_of(conn, city).await? else { return Ok(None) };
    let distance = cities::kilometers(middle, (latitude, longitude));
    Ok((all == 0 && distance > FAR)
        .then(|| format!("the database has listings in {city} already, which are {distance:.0} km from these")))
}

/// The city and currency of a file of listings, from its contents only.
#[cfg(feature = "fuzzing")]
pub(super) fn guess(source: &Source) -> Result<(Option<String>, Option<Currency>), ImportError> {
    let survey = read(source)?;
    let known = cities::around(&survey.points);
    Ok((survey.city(known), survey.currency(known)))
}

fn read(source: &Source) -> Result<Survey, ImportError> {
    let mut table = Table::open(Part::Listings, source, listings::REQUIRED)?;
    let mut survey = Survey::default();
    loop {
        match table.next()? {
            Next::Row(row) => survey.add(row),
            Next::Broken(_) => {}
            Next::End => return Ok(survey),
        }
    }
}

impl Survey {
    fn add(&mut self, row: Row<'_>) {
        let Ok(id) = table::id(row.get("id"), "id") else { return };
        self.ids.push(id);
        if price::is_absent(row.get("price")) {
            self.unpriced.insert(id);
        }
        let Ok(point) = listings::point(row) else { return };
        self.points.push(point);
        self.countries.add(zone_at(point).and_then(places::country).unwrap_or_default().to_owned());
        self.cities.add(super::text::line(row.get("city"), 100));
        self.country_codes.add(row.get("country_code").trim().to_uppercase());
        if let Some((first, _)) = row.get("neighbourhood").split_once(',') {
            self.locations.add(super::text::line(first, 100));
        }
    }

    fn city(&self, known: Option<City>) -> Option<String> {
        let known = known.map(|city| city.name.to_owned());
        let named = || self.cities.most().or_else(|| self.locations.most()).map(|(name, _)| name.to_owned());
        let by_zone = || Some(places::city(zone_at(cities::middle(&self.points)?)?));
        known.or_else(named).or_else(by_zone)
    }

    /// The currency of the country.
    fn currency(&self, known: Option<City>) -> Option<Currency> {
        let known = known.map(|city| city.country);
        let country = known.or_else(|| Some(self.countries.most().or_else(|| self.country_codes.most())?.0));
        Currency::of_country(country?)
    }

    /// Contradictions within the file and with the options.
    fn contradictions(&self, options: &Options, currency: Currency, usual: Option<Currency>) -> Vec<String> {
        let mut found = Vec::new();
        if let Some((country, count)) = self.countries.most()
            && count * 100 < self.points.len() * MOST
        {
            let all = self.points.len();
            found.push(format!("only {count} of these {all} listings are in one country, {country}"));
        }
        if let Some(usual) = usual.filter(|usual| *usual != currency) {
            found.push(format!("prices at the location of these listings are in {usual}, not in {currency}"));
        }
        if let (Some(named), Some(middle)) =
            (options.city.as_deref().and_then(cities::named), cities::middle(&self.points))
            && !named.has_most_of(&self.points)
        {
            let (latitude, longitude) = (middle.latitude, middle.longitude);
            found.push(format!(
                "these listings are not in {}: they are around {latitude:.2}, {longitude:.2}",
                named.name
            ));
        }
        found
    }
}
