// The little HTML that a report needs: escaped texts, tables, figures with their picture inside, and a page around
// them.
#ifndef OFFRAMP_HOST_HTML_HPP
#define OFFRAMP_HOST_HTML_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/table.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

inline std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

inline std::string base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= left ? digits[bits >> (18 - 6 * k) & 63u] : '=';
  }
  return out;
}

inline std::string html_table(const table& shown) {
  const auto row = [&](const std::vector<std::string>& cells, const std::string& tag, const std::string& attribute) {
    std::string out = "<tr>";
    for (std::size_t c = 0; c < cells.size(); ++c) {
      out += '<' + tag + attribute + (shown.numeric(c) ? " class=\"number\">" : ">") + html_escaped(cells[c]) + "</" +
             tag + '>';
    }
    return out + "</tr>\n";
  };
  std::string out =
      "<div class=\"wide\"><table>\n<thead>" + row(shown.headers(), "th", " scope=\"col\"") + "</thead>\n<tbody>\n";
  for (const auto& cells : shown.rows()) out += row(cells, "td", "");
  return out + "</tbody>\n</table></div>\n";
}

// As a data URI and not inline: gnuplot gives the same ids to the parts of every picture.
inline std::string html_figure(const std::string& svg, const std::string& alternative, const std::string& caption) {
  return "<figure><img alt=\"" + html_escaped(alternative) + "\" src=\"data:image/svg+xml;base64," + base64(svg) +
         "\"><figcaption>" + html_escaped(caption) + "</figcaption></figure>\n";
}

inline constexpr const char* report_style = R"(
:root { color-scheme: light dark; --text: #1b1b1b; --soft: #5c5c5c; --back: #ffffff; --rule: #d5d5d5; --card: #f3f6f9; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e6; --soft: #a8a8a8; --back: #1a1b1d; --rule: #3d3f43; --card: #24282c; }
}
body { margin: 0 auto; max-width: 1000px; padding: 2rem 1.2rem 4rem; background: var(--back); color: var(--text);
       font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 0.8rem; padding-top: 0.8rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.4rem 0 0.5rem; }
.subtitle { margin: 0.3rem 0 0; color: var(--soft); }
figure { margin: 0 0 1.4rem; padding: 0.8rem; background: #ffffff; border: 1px solid var(--rule); border-radius: 6px; }
figure img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
figcaption { margin-top: 0.5rem; color: #5c5c5c; font-size: 0.88rem; text-align: center; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.9rem 0.3rem 0; text-align: left; border-bottom: 1px solid var(--rule); }
th { color: var(--soft); font-weight: 600; }
.guarantee { margin: 0.9rem 0; padding: 0.6rem 0.9rem; border-left: 4px solid #0072B2; background: var(--card); }
.number { text-align: right; padding: 0.3rem 0.2rem 0.3rem 1.4rem; }
)";

// `body` is HTML, the titles are texts.
inline std::string html_page(const std::string& title, const std::string& subtitle, const std::string& body) {
  const auto shown = html_escaped(title);
  auto page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
              shown + "</title>\n<style>" + report_style + "</style>\n</head>\n<body>\n<h1>" + shown + "</h1>\n";
  if (!subtitle.empty()) page += "<p class=\"subtitle\">" + html_escaped(subtitle) + "</p>\n";
  return page + body + "</body>\n</html>\n";
}

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
