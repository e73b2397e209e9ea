// Tables of text: aligned columns for a console, Markdown for a page. Cells are strings; a column whose cells are all
// numbers (a unit or % may follow) is set to the right, so that digits stand under digits.
#ifndef OFFRAMP_HOST_TABLE_HPP
#define OFFRAMP_HOST_TABLE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// "12.30": a number with a fixed count of decimals; "-" for what is not finite.
inline std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "-";
  const auto size = std::snprintf(nullptr, 0, "%.*f", decimals, value);
  std::string text(static_cast<std::size_t>(size) + 1, '\0');
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  text.pop_back();
  return text;
}

// "1,234,567": an integer in groups of three.
inline std::string grouped(long long value) {
  auto text = std::to_string(value);
  const std::size_t sign = value < 0 ? 1 : 0;
  for (auto at = text.size(); at > sign + 3;) text.insert(at -= 3, 1, ',');  // not ",": a false alarm of g++ 12
  return text;
}

class table {
 public:
  explicit table(std::vector<std::string> headers) : headers_(std::move(headers)) {}

  // One cell per header; throws otherwise.
  table& add(std::vector<std::string> row) {
    if (row.size() != headers_.size()) {
      throw error("table: row " + std::to_string(rows_.size()) + " has " + std::to_string(row.size()) +
                  " cells, expected " + std::to_string(headers_.size()));
    }
    rows_.push_back(std::move(row));
    return *this;
  }

  const std::vector<std::string>& headers() const { return headers_; }
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }

  // All cells that are neither empty nor "-" are numbers, and there is at least one.
  bool numeric(std::size_t column) const {
    bool any = false;
    for (const auto& row : rows_) {
      const auto& cell = row[column];
      if (cell.empty() || cell == "-") continue;
      if (!is_number(cell)) return false;
      any = true;
    }
    return any;
  }

  // Aligned with spaces, a rule under the headers, no space at the end of a line; ends with a newline.
  std::string text() const {
    const auto widths = column_widths({});
    std::string out = aligned(headers_, widths, "  ");
    std::string rule;
    for (std::size_t c = 0; c < widths.size(); ++c) rule += (c > 0 ? "  " : "") + std::string(widths[c], '-');
    out += rule + '\n';
    for (const auto& row : rows_) out += aligned(row, widths, "  ");
    return out;
  }

  // GitHub-flavoured Markdown, aligned in its source too; bars and line breaks in cells are escaped.
  std::string markdown() const {
    const auto widths = column_widths(escaped);
    const auto line = [&](const std::vector<std::string>& cells) {
      std::string out = "|";
      for (std::size_t c = 0; c < cells.size(); ++c) {
        out += ' ' + padded(escaped(cells[c]), widths[c], numeric(c)) + " |";
      }
      return out + '\n';
    };
    std::string out = line(headers_) + '|';
    for (std::size_t c = 0; c < headers_.size(); ++c) {
      out += ' ' + (numeric(c) ? std::string(widths[c] - 1, '-') + ':' : std::string(widths[c], '-')) + " |";
    }
    out += '\n';
    for (const auto& row : rows_) out += line(row);
    return out;
  }

  friend std::ostream& operator<<(std::ostream& out, const table& shown) { return out << shown.text(); }

 private:
  // Characters, not bytes: every UTF-8 byte that does not continue one.
  static std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }));
  }

  static std::string padded(const std::string& cell, std::size_t to, bool right) {
    const auto have = width(cell);
    const std::string space(to > have ? to - have : 0, ' ');
    return right ? space + cell : cell + space;
  }

  static std::string escaped(const std::string& cell) {
    std::string out;
    for (const char c : cell) {
      if (c == '|')
        out += "\\|";
      else
        out += c == '\n' ? ' ' : c;
    }
    return out;
  }

  // Sign, digits with points or group commas, exponent; then nothing, %, or a unit without digits ("12.5 us").
  static bool is_number(std::string_view cell) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    std::size_t at = 0;
    while (at < cell.size() && (cell[at] == '+' || cell[at] == '-' || cell[at] == '<' || cell[at] == '~')) ++at;
    if (at < cell.size() && cell[at] == '.') ++at;
    if (at == cell.size() || !digit(cell[at])) return false;
    while (at < cell.size() && (digit(cell[at]) || cell[at] == '.' || cell[at] == ',')) ++at;
    const bool exponent = at + 2 < cell.size() && cell[at] == 'e' && (cell[at + 1] == '-' || cell[at + 1] == '+');
    if (exponent && digit(cell[at + 2])) {
      at += 3;
      while (at < cell.size() && digit(cell[at])) ++at;
    }
    if (at < cell.size() && cell[at] == ' ') ++at;
    return std::none_of(cell.begin() + static_cast<std::ptrdiff_t>(at), cell.end(),
                        [&](char c) { return digit(c) || c == ' '; });
  }

  std::vector<std::size_t> column_widths(std::string (*change)(const std::string&)) const {
    const auto measure = [&](const std::string& cell) { return width(change != nullptr ? change(cell) : cell); };
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < headers_.size(); ++c) {
      std::size_t widest = std::max<std::size_t>(3, measure(headers_[c]));  // Markdown rules need three
      for (const auto& row : rows_) widest = std::max(widest, measure(row[c]));
      widths.push_back(widest);
    }
    return widths;
  }

  std::string aligned(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                      const char* gap) const {
    std::string out;
    for (std::size_t c = 0; c < cells.size(); ++c) out += (c > 0 ? gap : "") + padded(cells[c], widths[c], numeric(c));
    out.erase(out.find_last_not_of(' ') + 1);
    return out + '\n';
  }

  std::vector<std::string> headers_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
