//! The countries of ISO 3166-1, with the names that people use for them.

use std::{collections::HashMap, sync::LazyLock};

use super::search_key;

/// Alpha-2 code, English name, and other usual names.
const COUNTRIES: &str = "\
AD Andorra;AE United Arab Emirates,UAE,Emirates;AF Afghanistan;AG Antigua and Barbuda,Antigua;AI Anguilla;AL Albania;AM Armenia;\
AO Angola;AQ Antarctica;AR Argentina;AS American Samoa;AT Austria,Österreich;AU Australia;AW Aruba;AX Åland Islands,Åland;AZ Azerbaijan;\
BA Bosnia and Herzegovina,Bosnia;BB Barbados;BD Bangladesh;BE Belgium,Belgique,België;BF Burkina Faso;BG Bulgaria;BH Bahrain;BI Burundi;\
BJ Benin;BL Saint Barthélemy,St Barts;BM Bermuda;BN Brunei,Brunei Darussalam;BO Bolivia;BQ Caribbean Netherlands,Bonaire;BR Brazil,Brasil;\
BS Bahamas,The Bahamas;BT Bhutan;BV Bouvet Island;BW Botswana;BY Belarus;BZ Belize;CA Canada;CC Cocos Islands,Keeling Islands;\
CD Democratic Republic of the Congo,DR Congo;CF Central African Republic;CG Congo,Republic of the Congo;CH Switzerland,Schweiz,Suisse,Svizzera;\
CI Côte d'Ivoire,Ivory Coast;CK Cook Islands;CL Chile;CM Cameroon;CN China,People's Republic of China;CO Colombia;CR Costa Rica;CU Cuba;\
CV Cabo Verde,Cape Verde;CW Curaçao;CX Christmas Island;CY Cyprus;CZ Czechia,Czech Republic;DE Germany,Deutschland;DJ Djibouti;\
DK Denmark,Danmark;DM Dominica;DO Dominican Republic;DZ Algeria;EC Ecuador;EE Estonia;EG Egypt;EH Western Sahara;ER Eritrea;\
ES Spain,España;ET Ethiopia;FI Finland,Suomi;FJ Fiji;FK Falkland Islands;FM Micronesia;FO Faroe Islands;FR France;GA Gabon;\
GB United Kingdom,UK,Great Britain,Britain,England,Scotland,Wales,Northern Ireland;GD Grenada;GE Georgia;GF French Guiana;GG Guernsey;GH Ghana;\
GI Gibraltar;GL Greenland;GM Gambia,The Gambia;GN Guinea;GP Guadeloupe;GQ Equatorial Guinea;GR Greece,Hellas;\
GS South Georgia and the South Sandwich Islands;GT Guatemala;GU Guam;GW Guinea-Bissau;GY Guyana;HK Hong Kong;HM Heard and McDonald Islands;\
HN Honduras;HR Croatia,Hrvatska;HT Haiti;HU Hungary,Magyarország;ID Indonesia;IE Ireland,Éire;IL Israel;IM Isle of Man;IN India;\
IO British Indian Ocean Territory;IQ Iraq;IR Iran;IS Iceland,Ísland;IT Italy,Italia;JE Jersey;JM Jamaica;JO Jordan;JP Japan,日本;KE Kenya;\
KG Kyrgyzstan;KH Cambodia;KI Kiribati;KM Comoros;KN Saint Kitts and Nevis,St Kitts;KP North Korea;KR South Korea,Korea,Republic of Korea;\
KW Kuwait;KY Cayman Islands;KZ Kazakhstan;LA Laos;LB Lebanon;LC Saint Lucia,St Lucia;LI Liechtenstein;LK Sri Lanka;LR Liberia;LS Lesotho;\
LT Lithuania;LU Luxembourg;LV Latvia;LY Libya;MA Morocco,Maroc;MC Monaco;MD Moldova;ME Montenegro;MF Saint Martin;MG Madagascar;\
MH Marshall Islands;MK North Macedonia,Macedonia;ML Mali;MM Myanmar,Burma;MN Mongolia;MO Macao,Macau;MP Northern Mariana Islands;\
MQ Martinique;MR Mauritania;MS Montserrat;MT Malta;MU Mauritius;MV Maldives;MW Malawi;MX Mexico;MY Malaysia;MZ Mozambique;\
NA Namibia;NC New Caledonia;NE Niger;NF Norfolk Island;NG Nigeria;NI Nicaragua;NL Netherlands,The Netherlands,Holland,Nederland;\
NO Norway,Norge;NP Nepal;NR Nauru;NU Niue;NZ New Zealand,Aotearoa;OM Oman;PA Panama;PE Peru;PF French Polynesia,Tahiti;\
PG Papua New Guinea;PH Philippines,The Philippines;PK Pakistan;PL Poland,Polska;PM Saint Pierre and Miquelon;PN Pitcairn;PR Puerto Rico;\
PS Palestine;PT Portugal;PW Palau;PY Paraguay;QA Qatar;RE Réunion;RO Romania;RS Serbia;RU Russia,Russian Federation;RW Rwanda;\
SA Saudi Arabia;SB Solomon Islands;SC Seychelles;SD Sudan;SE Sweden,Sverige;SG Singapore;SH Saint Helena;SI Slovenia,Slovenija;\
SJ Svalbard and Jan Mayen,Svalbard;SK Slovakia,Slovensko;SL Sierra Leone;SM San Marino;SN Senegal;SO Somalia;SR Suriname;SS South Sudan;\
ST São Tomé and Príncipe;SV El Salvador;SX Sint Maarten;SY Syria;SZ Eswatini,Swaziland;TC Turks and Caicos Islands,Turks and Caicos;TD Chad;\
TF French Southern Territories;TG Togo;TH Thailand;TJ Tajikistan;TK Tokelau;TL Timor-Leste,East Timor;TM Turkmenistan;TN Tunisia;TO Tonga;\
TR Türkiye,Turkey;TT Trinidad and Tobago,Trinidad;TV Tuvalu;TW Taiwan,台灣;TZ Tanzania;UA Ukraine;UG Uganda;\
UM United States Minor Outlying Islands;US United States,United States of America,USA,America;UY Uruguay;UZ Uzbekistan;\
VA Vatican City,Holy See,Vatican;VC Saint Vincent and the Grenadines,St Vincent;VE Venezuela;VG British Virgin Islands;\
VI US Virgin Islands;VN Vietnam;VU Vanuatu;WF Wallis and Futuna;WS Samoa;YE Yemen;YT Mayotte;ZA South Africa;\
ZM Zambia;ZW Zimbabwe";

/// The codes by the keys of names and codes.
static BY_NAME: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    entries()
        .flat_map(|(code, names)| names.split(',').chain([code]).map(move |name| (search_key(name), code)))
        .collect()
});

fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    COUNTRIES.split(';').filter_map(|entry| entry.split_once(' '))
}

/// Whether `code` is a country of ISO 3166-1: two capital letters.
pub fn is_country(code: &str) -> bool {
    entries().any(|(known, _)| known == code)
}

/// The code of the country whose name or code has the search key `key`.
pub fn country_named(key: &str) -> Option<&'static str> {
    BY_NAME.get(key).copied()
}

/// The names of a country of ISO 3166-1, the English one first; none for an unknown code.
pub fn country_names(code: &str) -> Vec<&'static str> {
    entries().find(|(known, _)| *known == code).map(|(_, names)| names.split(',').collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_found_by_its_english_name() {
        for (code, _) in entries() {
            assert_eq!(country_named(&search_key(country_names(code)[0])), Some(code));
        }
        assert!(country_names("XX").is_empty());
    }

    #[test]
    fn countries_are_those_of_the_standard() {
        assert_eq!(entries().count(), 249);
        assert!(entries().all(|(code, names)| code.len() == 2 && !names.is_empty()));
        assert!(is_country("SG") && !is_country("sg") && !is_country("XX") && !is_country("S") && !is_country(""));
    }

    #[test]
    fn a_country_is_known_by_its_names_and_its_code() {
        for (name, code) in [
            ("Switzerland", Some("CH")),
            ("de", Some("DE")),
            ("Cote d’Ivoire", Some("CI")),
            ("ÖSTERREICH", Some("AT")),
            ("U.S.A.", Some("US")),
            ("Atlantis", None),
        ] {
            assert_eq!(country_named(&search_key(name)), code, "{name}");
        }
        let names: usize = entries().map(|(_, names)| names.split(',').count() + 1).sum();
        assert_eq!(BY_NAME.len(), names, "no name stands for two countries");
    }
}
