//! Reads the records of an XML list as a stream: one record at a time is in memory, and its size and depth have bounds.
//!
//! Nothing external is ever loaded and no entity but the predefined ones is expanded, so a hostile file can neither reach
//! out nor blow up.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::source::{HashingReader, io_error, open};
use super::{ListError, Problem};

/// Bytes of text and names in one record; real ones have a hundredth of it.
const LARGEST: u64 = 1 << 20;
const DEEPEST: usize = 32;

/// An element with everything in it; names are without their prefix.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The text of the element itself.
    pub fn text(&self) -> &str {
        self.text.trim()
    }

    /// The value of an attribute, empty if there is none.
    pub fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Elements of this name inside the child of another name: `list/item`.
    pub fn inside<'a>(&'a self, list: &'a str, item: &'a str) -> impl Iterator<Item = &'a Self> {
        self.all(list).flat_map(move |list| list.all(item))
    }

    /// The text of the first child of this name, empty if there is none.
    pub fn text_of<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).next().map_or("", Self::text)
    }
}

/// A wanted element, or what is wrong with it, and the line on which it begins.
pub(super) type Found = (u64, Result<Element, Problem>);

/// Hands every element of a `wanted` name to `take`, wherever it stands; returns the root's attributes as an element and
/// the version of the file.
pub(super) fn records(
    path: &Path,
    wanted: &[&str],
    mut take: impl FnMut(Found),
) -> Result<(Element, String), ListError> {
    let lines = Rc::new(Cell::new(1));
    let counted = CountedLines { inner: BufReader::new(open(path)?), lines: Rc::clone(&lines) };
    let mut reader = Reader::from_reader(counted);
    let broken = |error: quick_xml::Error| match error {
        quick_xml::Error::Io(error) => io_error(path)(io::Error::new(error.kind(), error.to_string())),
        _ => ListError::Markup { path: path.to_owned(), line: lines.get() },
    };
    let mut root: Option<Element> = None;
    let mut buffer = Vec::new();
    let mut open_elements = 0_usize;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(broken)? {
            Event::Start(start) => {
                let element = begun(&start);
                let is_wanted = wanted.contains(&element.name.as_str());
                root.get_or_insert_with(|| begun(&start));
                if is_wanted {
                    let line = lines.get();
                    let whole = whole(&mut reader, element).map_err(broken)?;
                    take((line, whole));
                } else {
                    open_elements += 1;
                }
            }
            Event::Empty(start) => {
                let element = begun(&start);
                if wanted.contains(&element.name.as_str()) {
                    take((lines.get(), Ok(element)));
                }
            }
            Event::End(_) => open_elements = open_elements.saturating_sub(1),
            Event::Eof => break,
            _ => {}
        }
    }
    let root = root.filter(|_| open_elements == 0);
    let root = root.ok_or(ListError::Markup { path: path.to_owned(), line: lines.get() })?;
    Ok((root, HashingReader::version(reader.into_inner().inner.into_inner())))
}

/// Reads on to the end of an element. What is too large is read over.
fn whole(
    reader: &mut Reader<impl BufRead>,
    element: Element,
) -> Result<Result<Element, Problem>, quick_xml::Error> {
    let mut stack = vec![element];
    let mut buffer = Vec::new();
    let start = reader.buffer_position();
    let (mut depth, mut fits) = (1_usize, true);
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer)?;
        fits &= reader.buffer_position() - start <= LARGEST && depth <= DEEPEST;
        match event {
            Event::Start(start) => {
                depth += 1;
                if fits {
                    stack.push(begun(&start));
                }
            }
            Event::Empty(start) if fits => attach(&mut stack, begun(&start)),
            Event::End(_) => {
                depth -= 1;
                if depth == 0 {
                    let element = stack.pop().filter(|_| fits && stack.is_empty());
                    return Ok(element.ok_or(Problem::TooLarge));
                }
                if fits && let Some(child) = stack.pop() {
                    attach(&mut stack, child);
                }
            }
            Event::Text(text) if fits => add_text(&mut stack, &text.xml10_content()),
            Event::CData(text) if fits => add_text(&mut stack, &text.xml10_content()),
            Event::GeneralRef(reference) if fits => {
                let character = reference.resolve_char_ref().ok().flatten().map(String::from);
                let named = || resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned);
                add_text(&mut stack, &character.or_else(named).unwrap_or_default());
            }
            Event::Eof => {
                return Err(quick_xml::Error::Io(io::Error::from(io::ErrorKind::UnexpectedEof).into()));
            }
            _ => {}
        }
    }
}

fn attach(stack: &mut [Element], child: Element) {
    if let Some(parent) = stack.last_mut() {
        parent.children.push(child);
    }
}

fn add_text(stack: &mut [Element], text: &str) {
    if let Some(element) = stack.last_mut() {
        element.text.push_str(text);
    }
}

fn begun(start: &BytesStart<'_>) -> Element {
    let name = start.local_name().as_ref().to_owned();
    let attributes = start.attributes().flatten().map(|attribute| {
        let name = attribute.key.local_name().as_ref().to_owned();
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap_or_default().into_owned();
        (name, value)
    });
    Element { name, attributes: attributes.collect(), ..Element::default() }
}

/// Counts the lines of what its reader is done with.
struct CountedLines<R> {
    inner: BufReader<HashingReader<R>>,
    lines: Rc<Cell<u64>>,
}

impl<R: Read> Read for CountedLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count(&buffer[..count]);
        Ok(count)
    }
}

impl<R: Read> BufRead for CountedLines<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let lines = self.inner.buffer().iter().take(amount).filter(|byte| **byte == b'\n').count() as u64;
        self.lines.set(self.lines.get() + lines);
        self.inner.consume(amount);
    }
}

impl<R> CountedLines<R> {
    fn count(&self, bytes: &[u8]) {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.lines.set(self.lines.get() + lines);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(text: &str) -> Result<(Element, Vec<Found>), ListError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let mut found = vec![];
        let (root, _) = records(file.path(), &["item"], |record| found.push(record))?;
        Ok((root, found))
    }

    #[test]
    fn records_are_found_at_any_depth_with_their_lines() {
        let text = "<?xml version='1.0'?>\n<x:list on='2024-01-02'>\n <a><item k='v&amp;w'><n>A &lt;&#66;<![CDATA[C]]></n>\n\
                    <n/></item></a>\n<item/></x:list>";
        let (root, found) = read(text).unwrap();
        assert_eq!((root.name.as_str(), root.attribute("on")), ("list", "2024-01-02"));
        let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 5]);
        let first = found[0].1.as_ref().unwrap();
        assert_eq!((first.attribute("k"), first.text_of("n"), first.all("n").count()), ("v&w", "A <BC", 2));
    }

    #[test]
    fn a_document_that_breaks_off_is_refused() {
        for text in ["", "<list><item>", "<list><item></list>", "<list><item/>", "no markup"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn entities_of_the_file_s_own_are_not_expanded() {
        let text = "<!DOCTYPE l [<!ENTITY a 'aaaa'><!ENTITY b SYSTEM 'file:///etc/passwd'>]>\n\
                    <l><item><n>x&a;&b;y</n></item></l>";
        assert_eq!(read(text).unwrap().1[0].1.as_ref().unwrap().text_of("n"), "xy");
    }

    #[test]
    fn a_record_without_end_or_bottom_is_read_over() {
        let deep = format!("<l><item>{}{}</item><item/></l>", "<d>".repeat(100), "</d>".repeat(100));
        let long = format!("<l><item>{}</item><item/></l>", "x".repeat(LARGEST as usize + 1));
        for text in [deep, long] {
            let found = read(&text).unwrap().1;
            assert_eq!(found.len(), 2);
            assert!(matches!((&found[0].1, &found[1].1), (Err(Problem::TooLarge), Ok(_))));
        }
    }
}
