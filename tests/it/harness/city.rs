//! A fictional city in the files of Inside Airbnb: any number of listings, always the same ones.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use chrono::{Days, NaiveDate};

const AMENITIES: [&str; 24] = [
    "Wifi",
    "Kitchen",
    "Washer",
    "Dryer",
    "Air conditioning",
    "Heating",
    "Dedicated workspace",
    "TV",
    "Hair dryer",
    "Iron",
    "Pool",
    "Hot tub",
    "Free parking",
    "EV charger",
    "Crib",
    "Gym",
    "BBQ grill",
    "Breakfast",
    "Indoor fireplace",
    "Smoke alarm",
    "Carbon monoxide alarm",
    "Elevator",
    "Balcony",
    "Garden view",
];
const NEIGHBORHOODS: [&str; 12] = [
    "Harbor",
    "Old Town",
    "Mill Lane",
    "Botanic Garden",
    "North Hill",
    "Station",
    "University",
    "Riverside",
    "Market",
    "Lighthouse",
    "Orchard",
    "East Gate",
];
const WORDS: [&str; 20] = [
    "quiet", "bright", "close", "to", "the", "river", "and", "shops", "with", "a", "large", "kitchen", "clean", "beds",
    "helpful", "host", "easy", "arrival", "lovely", "view",
];

/// The parameters of the city.
#[derive(Debug, Clone, Copy)]
pub struct City {
    /// How many listings.
    pub listings: u64,
    /// The first day of all calendars.
    pub from: NaiveDate,
    /// How many days they have.
    pub days: u64,
}

/// Where the files of a city are.
pub struct Files {
    pub listings: PathBuf,
    pub reviews: PathBuf,
    pub calendar: PathBuf,
}

/// Numbers that look random and are the same each time (SplitMix64).
pub struct Numbers(pub u64);

impl Numbers {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn words(&mut self, count: u64) -> String {
        let words: Vec<_> = (0..count).map(|_| WORDS[self.below(WORDS.len() as u64) as usize]).collect();
        words.join(" ")
    }
}

impl City {
    /// Writes the three files of the city into `folder`.
    pub fn write(&self, folder: &Path) -> io::Result<Files> {
        let files = Files {
            listings: folder.join("listings.csv"),
            reviews: folder.join("reviews.csv"),
            calendar: folder.join("calendar.csv"),
        };
        let mut listings = BufWriter::new(File::create(&files.listings)?);
        let mut reviews = BufWriter::new(File::create(&files.reviews)?);
        let mut calendar = BufWriter::new(File::create(&files.calendar)?);
        writeln!(
            listings,
            "id,name,description,picture_url,host_id,host_name,host_since,host_is_superhost,neighbourhood_cleansed,latitude,longitude,\
             property_type,room_type,accommodates,bathrooms_text,bedrooms,beds,amenities,price,minimum_nights,maximum_nights,\
             number_of_reviews,review_scores_rating,instant_bookable,first_review"
        )?;
        writeln!(reviews, "listing_id,id,date,reviewer_id,reviewer_name,comments")?;
        writeln!(calendar, "listing_id,date,available,price,minimum_nights,maximum_nights")?;
        let mut numbers = Numbers(self.listings);
        let mut written = 0;
        for id in 1..=self.listings {
            let price = 40 + numbers.below(360);
            // Most have a few reviews, some very many.
            let count = if id.is_multiple_of(97) { 200 + numbers.below(200) } else { numbers.below(20) };
            listing(&mut listings, &mut numbers, id, price, count)?;
            for _ in 0..count {
                written += 1;
                let date = self.from - Days::new(1 + numbers.below(900));
                let (author, length) = (1 + numbers.below(self.listings * 4), 8 + numbers.below(40));
                let text = numbers.words(length);
                writeln!(reviews, "{id},{written},{date},{author},Guest {author},{text}")?;
            }
            self.days(&mut calendar, &mut numbers, id, price)?;
        }
        listings.flush()?;
        reviews.flush()?;
        calendar.flush()?;
        Ok(files)
    }

    /// The calendar of a listing: taken for some days, then free for some, pricier at times.
    fn days(&self, file: &mut impl Write, numbers: &mut Numbers, id: u64, price: u64) -> io::Result<()> {
        let (mut free, mut left) = (true, 0);
        for day in 0..self.days {
            if left == 0 {
                free = !free;
                left = if free { 3 + numbers.below(14) } else { 2 + numbers.below(7) };
            }
            left -= 1;
            let date = self.from + Days::new(day);
            let pricier = if numbers.below(5) == 0 { numbers.below(60) } else { 0 };
            writeln!(file, "{id},{date},{},${}.00,,", if free { "t" } else { "f" }, price + pricier)?;
        }
        Ok(())
    }
}

fn listing(file: &mut impl Write, numbers: &mut Numbers, id: u64, price: u64, reviews: u64) -> io::Result<()> {
    let host = 1 + numbers.below(id.div_ceil(2));
    let neighborhood = NEIGHBORHOODS[numbers.below(NEIGHBORHOODS.len() as u64) as usize];
    let latitude = 1.25 + numbers.below(20_000) as f64 / 100_000.0;
    let longitude = 103.70 + numbers.below(25_000) as f64 / 100_000.0;
    let (kind, room) = match numbers.below(4) {
        0 => ("Private room in home", "Private room"),
        _ => ("Entire rental unit", "Entire home/apt"),
    };
    let bedrooms = 1 + numbers.below(4);
    let amenities: Vec<_> =
        AMENITIES.iter().filter(|_| numbers.below(2) == 0).map(|name| format!("\"\"{name}\"\"")).collect();
    let (title, about) = (numbers.words(4), numbers.words(60));
    let rating = if reviews == 0 { String::new() } else { format!("{:.2}", 3.5 + numbers.below(150) as f64 / 100.0) };
    let (superhost, instant) = (flag(host.is_multiple_of(5)), flag(numbers.below(3) > 0));
    writeln!(
        file,
        "{id},Home {id} {title},{about},https://example.org/photos/{id}.jpg,{host},Host {host},2015-05-05,{superhost},{neighborhood},\
         {latitude},{longitude},{kind},{room},{},1 bath,{bedrooms},{bedrooms},\"[{}]\",${price}.00,{},365,{reviews},{rating},{instant},2019-01-01",
        bedrooms * 2,
        amenities.join(", "),
        1 + numbers.below(3),
    )
}

fn flag(value: bool) -> &'static str {
    if value { "t" } else { "f" }
}
