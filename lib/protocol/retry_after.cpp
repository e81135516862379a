#include "protocol/retry_after.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <vector>

#include "base/ascii.hpp"

namespace websocket::protocol {
namespace {

constexpr std::int64_t seconds_per_day = 86400;

struct Date {
  std::int64_t year = 0;
  unsigned month = 0;  // 1 to 12
  unsigned day = 0;
};

// Days since 1970-01-01. The year is counted from March on, so that the day a leap year adds is its
// last one.
std::int64_t days_since_1970(const Date& date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t months_since_march = (date.month + 9) % 12;
  const std::int64_t day_of_year = (153 * months_since_march + 2) / 5 + date.day - 1;
  return 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

std::optional<unsigned> month_number(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<unsigned>(found - names.begin()) + 1;
}

// What lies between spaces, commas and, in the old form's date, hyphens.
std::vector<std::string_view> words(std::string_view text) {
  constexpr std::string_view separators = " ,-";
  std::vector<std::string_view> found;
  for (std::size_t at = text.find_first_not_of(separators); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    found.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(separators, end);
  }
  return found;
}

// "08:49:37"
std::optional<std::int64_t> second_of_day(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hour = base::parse_decimal<unsigned>(text.substr(0, 2));
  const auto minute = base::parse_decimal<unsigned>(text.substr(3, 2));
  const auto second = base::parse_decimal<unsigned>(text.substr(6, 2));
  if (!hour || !minute || !second) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;  // 60: a leap second
  return *hour * 3600 + *minute * 60 + *second;
}

// RFC 9110 5.6.7: "Recipients of a timestamp value in rfc850-date format, which uses a two-digit
// year, MUST interpret a timestamp that appears to be more than 50 years in the future as
// representing the most recent year in the past that had the same last two digits."
std::int64_t full_year(std::int64_t two_digits, std::int64_t now) {
  const std::int64_t this_year = 1970 + now / (seconds_per_day * 146097 / 400);
  std::int64_t year = this_year - this_year % 100 + two_digits;
  if (year > this_year + 50) year -= 100;
  return year;
}

std::optional<std::int64_t> unix_time(std::string_view day, std::string_view month,
                                      std::string_view year, std::string_view time,
                                      std::int64_t now) {
  const auto day_number = base::parse_decimal<unsigned>(day);
  const auto month_found = month_number(month);
  const auto year_number = base::parse_decimal<unsigned>(year);
  const auto seconds = second_of_day(time);
  if (!day_number || !month_found || !year_number || !seconds) return std::nullopt;
  if (*day_number < 1 || *day_number > 31 || *year_number > 9999) return std::nullopt;
  const std::int64_t whole_year = year.size() == 2 ? full_year(*year_number, now) : *year_number;
  return days_since_1970({whole_year, *month_found, *day_number}) * seconds_per_day + *seconds;
}

}  // namespace

std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now) {
  const std::vector<std::string_view> found = words(text);
  if (found.size() == 6 && found[5] == "GMT") {
    return unix_time(found[1], found[2], found[3], found[4], now);
  }
  // asctime's form: "Sun Nov  6 08:49:37 1994"
  if (found.size() == 5) return unix_time(found[2], found[1], found[4], found[3], now);
  return std::nullopt;
}

std::optional<std::int64_t> retry_after(const Headers& answer, std::int64_t now) {
  const auto value = answer.get("Retry-After");
  if (!value) return std::nullopt;
  const bool is_digits =
      !value->empty() && std::all_of(value->begin(), value->end(), base::is_digit);
  if (is_digits) {
    // Too many digits for a number mean long enough.
    constexpr auto longest = std::numeric_limits<std::int64_t>::max();
    const auto seconds = base::parse_decimal<std::uint64_t>(*value);
    if (!seconds || *seconds > std::uint64_t{longest}) return longest;
    return static_cast<std::int64_t>(*seconds);
  }
  const auto date = answer.get("Date");
  const std::int64_t from = (date ? parse_http_date(*date, now) : std::nullopt).value_or(now);
  const auto then = parse_http_date(*value, now);
  if (!then) return std::nullopt;
  return std::max(*then - from, std::int64_t{0});
}

}  // namespace websocket::protocol
