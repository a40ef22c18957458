//! The names of nations as the authorities write them.

use domain::country::CountryCode;

/// A country by its code in two or three letters, or by a name that an authority gives it; none for anything else.
pub(super) fn country(text: &str) -> Option<CountryCode> {
    let name = text.trim();
    if name.len() <= 3 {
        return name.parse().ok();
    }
    let name = name.strip_prefix("The ").or_else(|| name.strip_prefix("the ")).unwrap_or(name);
    let table = NATIONS.iter().chain(&LONG_NAMES);
    table
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .and_then(|(_, code)| code.parse().ok())
}

/// Names of the United Nations, the European Union and the United Kingdom where they differ from OFAC's.
#[rustfmt::skip]
const LONG_NAMES: [(&str, &str); 46] = [
    ("Democratic People's Republic of Korea", "KP"), ("DPRK", "KP"), ("North Korea", "KP"),
    ("Republic of Korea", "KR"), ("South Korea", "KR"), ("Democratic Republic of the Congo", "CD"),
    ("Democratic Republic of Congo", "CD"), ("Congo (Democratic Republic)", "CD"), ("Congo", "CG"),
    ("Republic of the Congo", "CG"), ("Iran (Islamic Republic of)", "IR"), ("Islamic Republic of Iran", "IR"),
    ("Russian Federation", "RU"), ("Syrian Arab Republic", "SY"), ("Libyan Arab Jamahiriya", "LY"),
    ("State of Libya", "LY"), ("United Republic of Tanzania", "TZ"), ("Viet Nam", "VN"),
    ("Bolivarian Republic of Venezuela", "VE"), ("Venezuela (Bolivarian Republic of)", "VE"),
    ("Plurinational State of Bolivia", "BO"), ("Republic of Moldova", "MD"), ("Côte d'Ivoire", "CI"),
    ("Ivory Coast", "CI"), ("Lao People's Democratic Republic", "LA"), ("Brunei Darussalam", "BN"),
    ("Myanmar", "MM"), ("Myanmar (Burma)", "MM"), ("Türkiye", "TR"), ("Turkiye", "TR"), ("Czechia", "CZ"),
    ("Bahamas", "BS"), ("Gambia", "GM"), ("North Macedonia", "MK"), ("State of Palestine", "PS"),
    ("Palestine", "PS"), ("Palestinian Territories", "PS"), ("Occupied Palestinian Territories", "PS"),
    ("United Kingdom of Great Britain and Northern Ireland", "GB"), ("British", "GB"),
    ("United States of America", "US"), ("Swaziland", "SZ"), ("Cape Verde", "CV"), ("Timor-Leste", "TL"),
    ("Guinea Bissau", "GW"), ("Macao", "MO"),
];

#[rustfmt::skip]
const NATIONS: [(&str, &str); 186] = [
    ("Afghanistan", "AF"), ("Albania", "AL"), ("Algeria", "DZ"), ("Angola", "AO"), ("Argentina", "AR"),
    ("Armenia", "AM"), ("Australia", "AU"), ("Austria", "AT"), ("Azerbaijan", "AZ"), ("Bahamas, The", "BS"),
    ("Bahrain", "BH"), ("Bangladesh", "BD"), ("Barbados", "BB"), ("Belarus", "BY"), ("Belgium", "BE"),
    ("Belize", "BZ"), ("Benin", "BJ"), ("Bhutan", "BT"), ("Bolivia", "BO"), ("Bosnia and Herzegovina", "BA"),
    ("Botswana", "BW"), ("Brazil", "BR"), ("Brunei", "BN"), ("Bulgaria", "BG"), ("Burkina Faso", "BF"),
    ("Burma", "MM"), ("Burundi", "BI"), ("Cabo Verde", "CV"), ("Cambodia", "KH"), ("Cameroon", "CM"),
    ("Canada", "CA"), ("Central African Republic", "CF"), ("Chad", "TD"), ("Chile", "CL"), ("China", "CN"),
    ("Colombia", "CO"), ("Comoros", "KM"), ("Congo, Democratic Republic of the", "CD"),
    ("Congo, Republic of the", "CG"), ("Costa Rica", "CR"), ("Cote d'Ivoire", "CI"), ("Croatia", "HR"),
    ("Cuba", "CU"), ("Cyprus", "CY"), ("Czech Republic", "CZ"), ("Denmark", "DK"), ("Djibouti", "DJ"),
    ("Dominica", "DM"), ("Dominican Republic", "DO"), ("Ecuador", "EC"), ("Egypt", "EG"),
    ("El Salvador", "SV"), ("Equatorial Guinea", "GQ"), ("Eritrea", "ER"), ("Estonia", "EE"),
    ("Eswatini", "SZ"), ("Ethiopia", "ET"), ("Fiji", "FJ"), ("Finland", "FI"), ("France", "FR"),
    ("Gabon", "GA"), ("Georgia", "GE"), ("Germany", "DE"), ("Ghana", "GH"), ("Greece", "GR"),
    ("Grenada", "GD"), ("Guatemala", "GT"), ("Guinea", "GN"), ("Guinea-Bissau", "GW"), ("Guyana", "GY"),
    ("Haiti", "HT"), ("Honduras", "HN"), ("Hong Kong", "HK"), ("Hungary", "HU"), ("Iceland", "IS"),
    ("India", "IN"), ("Indonesia", "ID"), ("Iran", "IR"), ("Iraq", "IQ"), ("Ireland", "IE"), ("Israel", "IL"),
    ("Italy", "IT"), ("Jamaica", "JM"), ("Japan", "JP"), ("Jordan", "JO"), ("Kazakhstan", "KZ"),
    ("Kenya", "KE"), ("Korea, North", "KP"), ("Korea, South", "KR"), ("Kosovo", "RKS"), ("Kuwait", "KW"),
    ("Kyrgyzstan", "KG"), ("Laos", "LA"), ("Latvia", "LV"), ("Lebanon", "LB"), ("Lesotho", "LS"),
    ("Liberia", "LR"), ("Libya", "LY"), ("Liechtenstein", "LI"), ("Lithuania", "LT"), ("Luxembourg", "LU"),
    ("Macau", "MO"), ("Madagascar", "MG"), ("Malawi", "MW"), ("Malaysia", "MY"), ("Maldives", "MV"),
    ("Mali", "ML"), ("Malta", "MT"), ("Mauritania", "MR"), ("Mauritius", "MU"), ("Mexico", "MX"),
    ("Moldova", "MD"), ("Monaco", "MC"), ("Mongolia", "MN"), ("Montenegro", "ME"), ("Morocco", "MA"),
    ("Mozambique", "MZ"), ("Namibia", "NA"), ("Nepal", "NP"), ("Netherlands", "NL"), ("New Zealand", "NZ"),
    ("Nicaragua", "NI"), ("Niger", "NE"), ("Nigeria", "NG"), ("North Macedonia, The Republic of", "MK"),
    ("Norway", "NO"), ("Oman", "OM"), ("Pakistan", "PK"), ("Palestinian", "PS"), ("Panama", "PA"),
    ("Papua New Guinea", "PG"), ("Paraguay", "PY"), ("Peru", "PE"), ("Philippines", "PH"), ("Poland", "PL"),
    ("Portugal", "PT"), ("Qatar", "QA"), ("Romania", "RO"), ("Russia", "RU"), ("Rwanda", "RW"),
    ("Saint Kitts and Nevis", "KN"), ("Saint Lucia", "LC"), ("Samoa", "WS"), ("San Marino", "SM"),
    ("Saudi Arabia", "SA"), ("Senegal", "SN"), ("Serbia", "RS"), ("Seychelles", "SC"), ("Sierra Leone", "SL"),
    ("Singapore", "SG"), ("Slovakia", "SK"), ("Slovenia", "SI"), ("Somalia", "SO"), ("South Africa", "ZA"),
    ("South Sudan", "SS"), ("Spain", "ES"), ("Sri Lanka", "LK"), ("Sudan", "SD"), ("Suriname", "SR"),
    ("Sweden", "SE"), ("Switzerland", "CH"), ("Syria", "SY"), ("Taiwan", "TW"), ("Tajikistan", "TJ"),
    ("Tanzania", "TZ"), ("Thailand", "TH"), ("The Gambia", "GM"), ("Togo", "TG"), ("Tonga", "TO"),
    ("Trinidad and Tobago", "TT"), ("Tunisia", "TN"), ("Turkey", "TR"), ("Turkmenistan", "TM"),
    ("Uganda", "UG"), ("Ukraine", "UA"), ("United Arab Emirates", "AE"), ("United Kingdom", "GB"),
    ("United States", "US"), ("Uruguay", "UY"), ("Uzbekistan", "UZ"), ("Vanuatu", "VU"), ("Venezuela", "VE"),
    ("Vietnam", "VN"), ("Yemen", "YE"), ("Zambia", "ZM"), ("Zimbabwe", "ZW"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nation_of_the_table_has_a_code_that_the_domain_knows() {
        for (name, _) in NATIONS.iter().chain(&LONG_NAMES) {
            assert!(country(name).is_some(), "{name}");
        }
        assert_eq!(country("the Russian Federation").map(|code| code.to_string()).as_deref(), Some("RUS"));
        assert!(country("Atlantis").is_none() && country("00").is_none());
    }
}
