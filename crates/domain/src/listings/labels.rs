//! Labels of listings.

use types::{PropertyType, RoomType};

/// The label of a listing: `Private room in house`.
pub(super) fn of(room: RoomType, property: PropertyType) -> String {
    let property = match property {
        PropertyType::Apartment => "apartment",
        PropertyType::Condo => "condo",
        PropertyType::ServicedApartment => "serviced apartment",
        PropertyType::Loft => "loft",
        PropertyType::House => "house",
        PropertyType::Townhouse => "townhouse",
        PropertyType::Villa => "villa",
        PropertyType::Bungalow => "bungalow",
        PropertyType::Guesthouse => "guesthouse",
        PropertyType::BedAndBreakfast => "bed and breakfast",
        PropertyType::Hotel => "hotel",
        PropertyType::Hostel => "hostel",
        PropertyType::UniqueStay => "unique stay",
        PropertyType::Other => "place",
    };
    match room {
        RoomType::EntireHome => format!("Entire {property}"),
        RoomType::PrivateRoom => format!("Private room in {property}"),
        RoomType::SharedRoom => format!("Shared room in {property}"),
        RoomType::HotelRoom => format!("Room in {property}"),
    }
}
