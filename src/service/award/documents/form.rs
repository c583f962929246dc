//! The form of an administrative document by Decree 30/2020/NĐ-CP: page, heading, title, body, signatures, recipients.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, Docx, Footer, Header, LineSpacing, LineSpacingType, PageMargin, PageNum, Paragraph, ParagraphBorder,
    ParagraphBorderPosition, ParagraphBorders, Run, RunFonts, SpecialIndentType, Table, TableCell, TableLayoutType,
    TableRow, VAlignType, WidthType,
};

use crate::error::Error;

const FONT: &str = "Times New Roman";
/// Twentieths of a point in a millimetre, times ten.
const TWIPS_OF_10_MM: i32 = 567;
/// A4, in twentieths of a point.
const A4: (u32, u32) = (11_906, 16_838);
/// Width of the text: A4 less 30 mm on the left and 17 mm on the right.
const TEXT_WIDTH: usize = 11_906 - 1_701 - 964;
/// Widths of the two halves of the heading and of the signatures.
const HALVES: [usize; 2] = [3_900, TEXT_WIDTH - 3_900];

/// Size of the text, in half points: 14.
const BODY: usize = 28;
/// Size of the heading's smaller lines: 13.
const SMALL: usize = 26;
/// Size of the national heading and of long names: 12.
const SMALLER: usize = 24;
/// Size of the list of recipients: 11.
const SMALLEST: usize = 22;

/// The heading of a document.
#[derive(Debug, Clone)]
pub struct Heading {
    /// The body above the one that issues it, if it is named.
    pub superior: Option<String>,
    /// The body that issues it.
    pub issuer: String,
    /// Number and symbol; `None` for a document without a number.
    pub number: Option<String>,
    /// Date; `None` for a document that tells its time in the text.
    pub date: Option<String>,
}

/// A person who signs.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The office of the person.
    pub title: String,
    /// The name; empty where it is not known.
    pub name: String,
}

/// A column of a table: its heading, its width as a share of the text, and whether its cells are centred.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Heading.
    pub heading: &'static str,
    /// Width in hundredths of the text's width.
    pub percent: usize,
    /// Whether its cells are centred.
    pub centred: bool,
}

/// A row of a table.
#[derive(Debug, Clone)]
pub struct RowOf {
    /// Text of each cell.
    pub cells: Vec<String>,
    /// Whether it is a sum or the name of a part.
    pub bold: bool,
}

/// A document that is being written.
pub struct Form(Docx);

impl Form {
    /// Starts a document on A4 with the decree's margins and a page number from the second page on.
    pub fn new() -> Self {
        let margins =
            PageMargin::new().top(1_134).bottom(1_134).left(1_701).right(964).header(567).footer(567).gutter(0);
        let number = Paragraph::new().align(AlignmentType::Center).add_page_num(PageNum::new());
        let fonts = RunFonts::new().ascii(FONT).hi_ansi(FONT).east_asia(FONT).cs(FONT);
        let docx = Docx::new()
            .page_size(A4.0, A4.1)
            .page_margin(margins)
            .default_fonts(fonts)
            .default_size(BODY)
            .first_header(Header::new().add_paragraph(Paragraph::new()))
            .header(Header::new().add_paragraph(number))
            .footer(Footer::new().add_paragraph(Paragraph::new()));
        Form(docx)
    }

    fn with(self, paragraph: Paragraph) -> Self {
        Form(self.0.add_paragraph(paragraph))
    }

    /// Adds the national heading beside the issuing body, and number and date below.
    #[must_use]
    pub fn heading(self, heading: &Heading) -> Self {
        let centred = |text: &str, size: usize| line(text, size, Weight::Plain).align(AlignmentType::Center);
        let bold = |text: &str, size: usize| line(text, size, Weight::Bold).align(AlignmentType::Center);
        let mut left = TableCell::new();
        if let Some(superior) = &heading.superior {
            left = left.add_paragraph(centred(&superior.to_uppercase(), SMALLER));
        }
        left = left.add_paragraph(bold(&heading.issuer.to_uppercase(), SMALLER)).add_paragraph(rule(HALVES[0], 3, 80));
        let right = TableCell::new()
            .add_paragraph(bold("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", SMALLER))
            .add_paragraph(bold("Độc lập - Tự do - Hạnh phúc", SMALL))
            .add_paragraph(rule(HALVES[1], 2, 80));
        let mut rows = vec![row(vec![left, right], &HALVES)];
        if heading.number.is_some() || heading.date.is_some() {
            let number = centred(heading.number.as_deref().unwrap_or_default(), SMALL);
            let date = line(heading.date.as_deref().unwrap_or_default(), SMALL, Weight::Italic);
            let cells = [number, date.align(AlignmentType::Center)];
            rows.push(row(cells.map(|text| TableCell::new().add_paragraph(text)).to_vec(), &HALVES));
        }
        Form(self.0.add_table(borderless(rows, &HALVES)))
    }

    /// Adds the type of the document and what it is about.
    #[must_use]
    pub fn title(self, kind: &str, about: &[&str]) -> Self {
        let head = spaced(line(kind, BODY, Weight::Bold), 240, 0).align(AlignmentType::Center).keep_next(true);
        let about =
            about.iter().map(|text| line(text, BODY, Weight::Bold).align(AlignmentType::Center).keep_next(true));
        about.fold(self.with(head), Form::with).with(rule(TEXT_WIDTH, 3, 160))
    }

    /// Adds a line in the middle, as "Kính gửi".
    #[must_use]
    pub fn addressed(self, text: &str) -> Self {
        self.with(spaced(line(text, BODY, Weight::Plain), 120, 120).align(AlignmentType::Center))
    }

    /// Adds a basis ("Căn cứ …"), in italics.
    #[must_use]
    pub fn basis(self, text: &str) -> Self {
        self.with(body(text, Weight::Italic))
    }

    /// Adds a paragraph of the text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.with(body(text, Weight::Plain))
    }

    /// Adds paragraphs of the text.
    #[must_use]
    pub fn texts(self, texts: impl IntoIterator<Item = String>) -> Self {
        texts.into_iter().fold(self, |form, text| form.text(&text))
    }

    /// Adds the name of a section.
    #[must_use]
    pub fn section(self, text: &str) -> Self {
        self.with(body(text, Weight::Bold).keep_next(true))
    }

    /// Adds a table whose headings are repeated on every page.
    #[must_use]
    pub fn table(self, columns: &[Column], rows: &[RowOf]) -> Self {
        let widths: Vec<usize> = columns.iter().map(|column| column.percent * TEXT_WIDTH / 100).collect();
        let cell = |text: &str, weight, centred: bool| {
            let alignment = if centred { AlignmentType::Center } else { AlignmentType::Left };
            let text = spaced(line(text, SMALL, weight), 20, 20).align(alignment);
            TableCell::new().vertical_align(VAlignType::Center).add_paragraph(text)
        };
        let headings = columns.iter().map(|column| cell(column.heading, Weight::Bold, true)).collect();
        let rows = rows.iter().map(|RowOf { cells, bold }| {
            let weight = if *bold { Weight::Bold } else { Weight::Plain };
            let cells = columns.iter().zip(cells).map(|(column, text)| cell(text, weight, column.centred)).collect();
            row(cells, &widths).cant_split()
        });
        let rows = std::iter::once(row(headings, &widths).cant_split()).chain(rows).collect();
        let table = Table::new(rows).set_grid(widths).width(TEXT_WIDTH, WidthType::Dxa);
        Form(self.0.add_table(table.layout(TableLayoutType::Fixed))).with(gap())
    }

    /// Adds the recipients on the left and the signature on the right.
    #[must_use]
    pub fn signed(self, recipients: &[String], signature: &Signature) -> Self {
        let mut left = TableCell::new().add_paragraph(line("Nơi nhận:", SMALLER, Weight::BoldItalic));
        for recipient in recipients {
            left = left.add_paragraph(line(&format!("- {recipient}"), SMALLEST, Weight::Plain));
        }
        let rows = vec![row(vec![left, signing(signature)], &HALVES).cant_split()];
        Form(self.with(gap()).0.add_table(borderless(rows, &HALVES)))
    }

    /// Adds two signatures side by side.
    #[must_use]
    pub fn signed_by_two(self, left: &Signature, right: &Signature) -> Self {
        let halves = [TEXT_WIDTH / 2; 2];
        let rows = vec![row(vec![signing(left), signing(right)], &halves).cant_split()];
        Form(self.with(gap()).0.add_table(borderless(rows, &halves)))
    }

    /// Adds the recipients below signatures that stand side by side.
    #[must_use]
    pub fn recipients(self, recipients: &[String]) -> Self {
        let head = line("Nơi nhận:", SMALLER, Weight::BoldItalic);
        let lines = recipients.iter().map(|recipient| line(&format!("- {recipient}"), SMALLEST, Weight::Plain));
        lines.fold(self.with(head), Form::with)
    }

    /// Writes the document as DOCX.
    ///
    /// # Errors
    /// `internal`, which cannot happen when writing to memory.
    pub fn write(self) -> Result<Vec<u8>, Error> {
        let mut bytes = Cursor::new(Vec::new());
        self.0.pack(&mut bytes).map_err(Error::internal)?;
        Ok(bytes.into_inner())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Plain,
    Bold,
    Italic,
    BoldItalic,
}

/// Replaces what XML cannot contain.
fn clean(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn line(text: &str, size: usize, weight: Weight) -> Paragraph {
    let run = |text: &str| {
        let run = Run::new().add_text(clean(text)).size(size);
        match weight {
            Weight::Plain => run,
            Weight::Bold => run.bold(),
            Weight::Italic => run.italic(),
            Weight::BoldItalic => run.bold().italic(),
        }
    };
    let mut lines = text.lines();
    let first = Paragraph::new().add_run(run(lines.next().unwrap_or_default()));
    lines.fold(first, |paragraph, text| {
        paragraph.add_run(Run::new().add_break(docx_rs::BreakType::TextWrapping)).add_run(run(text))
    })
}

/// A paragraph with space before and after it, in twentieths of a point.
fn spaced(paragraph: Paragraph, before: u32, after: u32) -> Paragraph {
    paragraph.line_spacing(LineSpacing::new().before(before).after(after))
}

fn body(text: &str, weight: Weight) -> Paragraph {
    let spacing = LineSpacing::new().before(60).after(60).line_rule(LineSpacingType::Auto).line(264);
    let indent = Some(SpecialIndentType::FirstLine(TWIPS_OF_10_MM));
    // Dots to be written over would be spread across the line.
    let alignment = if text.ends_with('…') { AlignmentType::Left } else { AlignmentType::Both };
    line(text, BODY, weight).align(alignment).indent(None, indent, None, None).line_spacing(spacing)
}

fn gap() -> Paragraph {
    spaced(Paragraph::new().add_run(Run::new().size(SMALLEST)), 0, 0)
}

/// The line under a heading, as long as one part of `width` in `share`.
fn rule(width: usize, share: usize, after: u32) -> Paragraph {
    let free = i32::try_from((width - width / share) / 2).unwrap_or(0);
    let spacing = LineSpacing::new().before(20).after(after).line_rule(LineSpacingType::Exact).line(60);
    let mut rule = Paragraph::new().add_run(Run::new().size(4)).line_spacing(spacing);
    rule = rule.indent(Some(free), None, Some(free), None);
    let border = ParagraphBorder::new(ParagraphBorderPosition::Bottom).size(6).color("000000");
    rule.property = rule.property.set_borders(ParagraphBorders::with_empty().set(border));
    rule
}

fn signing(Signature { title, name }: &Signature) -> TableCell {
    let centred = |paragraph: Paragraph| paragraph.align(AlignmentType::Center);
    let space = spaced(Paragraph::new(), 480, 480);
    TableCell::new()
        .add_paragraph(centred(line(&title.to_uppercase(), BODY, Weight::Bold)))
        .add_paragraph(space)
        .add_paragraph(centred(line(name, BODY, Weight::Bold)))
}

fn row(cells: Vec<TableCell>, widths: &[usize]) -> TableRow {
    let sized = cells.into_iter().zip(widths).map(|(cell, width)| cell.width(*width, WidthType::Dxa));
    TableRow::new(sized.collect())
}

fn borderless(rows: Vec<TableRow>, widths: &[usize]) -> Table {
    let table = Table::without_borders(rows).set_grid(widths.to_vec()).width(TEXT_WIDTH, WidthType::Dxa);
    table.layout(TableLayoutType::Fixed)
}
