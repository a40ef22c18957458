// The page's language: sentences that the server put into the page, and names of countries.

const sentences = new Map(
  [...document.querySelectorAll("#sentences [data-word]")].map((place) => [place.dataset.word, place.textContent]),
);

/** The sentence for a word, with its {places} filled; one that is not there is said in general. */
export function say(word, values = {}) {
  const sentence = sentences.get(word) ?? sentences.get("unknown");
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Puts the countries' names, in the page's language and its order, into a selection of their codes. */
export function nameCountries(select) {
  const language = document.documentElement.lang;
  const names = new Intl.DisplayNames([language], { type: "region" });
  const options = [...select.options].filter((option) => option.value);
  for (const option of options.filter((option) => option.value.length === 2)) {
    option.textContent = names.of(option.value);
  }
  options.sort((a, b) => a.textContent.localeCompare(b.textContent, language));
  select.append(...options);
}
