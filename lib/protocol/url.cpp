// WebSocket URLs: see url.hpp. RFC 6455 3, RFC 3986 3, RFC 6874 2, RFC 7617 2.
#include "protocol/url.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/ascii.hpp"

namespace websocket::protocol {

namespace {

using base::Failure;
using base::Outcome;

constexpr std::size_t npos = std::string_view::npos;
constexpr std::size_t max_host = 253;    // the longest name DNS can hold, RFC 1035 2.3.4
constexpr std::size_t max_quoted = 200;  // of a URL in a sentence

constexpr std::uint16_t default_port(bool secure) { return secure ? 443 : 80; }

bool is_non_ascii(std::string_view text) {
  return std::any_of(text.begin(), text.end(), base::is_non_ascii);
}

Failure refuse(std::string_view url, std::string_view why, Errc code = Errc::invalid_url) {
  std::string message = "the URL \"" + base::printable(hide_user_info(url), max_quoted) + "\" ";
  return {code, message.append(why)};
}

// Nothing of these may reach a request line, and nobody means them.
std::optional<Failure> check_bytes(std::string_view url) {
  if (url.empty()) return Failure{Errc::invalid_url, "the URL is empty"};
  const auto bad =
      std::find_if(url.begin(), url.end(), [](char c) { return c == ' ' || base::is_control(c); });
  if (bad == url.end()) return std::nullopt;
  const auto at = std::to_string(bad - url.begin());
  if (*bad == ' ') return refuse(url, "has a space in it, at byte " + at + "; it is written %20");
  if (*bad == '\r' || *bad == '\n') return refuse(url, "has a line break in it, at byte " + at);
  return refuse(url, "has a control character in it, at byte " + at);
}

// Takes the scheme and its "://" off `rest` and says whether it is wss.
Outcome<bool> take_scheme(std::string_view url, std::string_view& rest) {
  const std::size_t end = url.find("://");
  const std::string_view name = url.substr(0, end);
  // "localhost:4040/x?u=http://y" has a "://", but not behind a scheme.
  if (end == npos || name.empty() || name.find_first_of(":/?#@") != npos) {
    return refuse(url, "does not begin with ws:// or wss://");
  }
  rest = url.substr(end + 3);
  const std::string scheme = base::to_lower(name);
  if (scheme == "ws") return false;
  if (scheme == "wss") return true;
  if (scheme == "http") {
    return refuse(url, "begins with http://; ws:// was probably meant", Errc::unsupported_scheme);
  }
  if (scheme == "https") {
    return refuse(url, "begins with https://; wss:// was probably meant", Errc::unsupported_scheme);
  }
  return refuse(url, "begins with neither ws:// nor wss://", Errc::unsupported_scheme);
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    const std::string_view digits = text.substr(0, dot);
    if (digits.size() > 3 || (digits.size() > 1 && digits.front() == '0')) return false;
    if (!base::parse_decimal<std::uint8_t>(digits)) return false;
    if (part == 3) return dot == npos;
    if (dot == npos) return false;
    text.remove_prefix(dot + 1);
  }
  return false;
}

bool is_ipv6_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 && std::all_of(text.begin(), text.end(), [](char c) {
    return base::hex_value(c).has_value();
  });
}

// IPv6address of RFC 3986 3.2.2: eight groups, or fewer around one "::"; the last two may be IPv4.
bool is_ipv6(std::string_view text) {
  bool shortened = text.starts_with("::");
  if (shortened) text.remove_prefix(2);
  int groups = 0;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (colon == npos && is_ipv4(group)) {
      groups += 2;
      break;
    }
    if (!is_ipv6_group(group)) return false;
    ++groups;
    if (colon == npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;
    if (text.front() != ':') continue;
    if (shortened) return false;
    shortened = true;
    text.remove_prefix(1);
  }
  return shortened ? groups <= 7 : groups == 8;
}

bool is_unreserved(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// What stands between the brackets. RFC 6874 2: IPv6addrz = IPv6address "%25" ZoneID
Outcome<std::string> read_ipv6(std::string_view url, std::string_view literal) {
  const std::size_t percent = literal.find('%');
  const std::string_view address = literal.substr(0, percent);
  if (!is_ipv6(address)) {
    return refuse(url, "has no IPv6 address between its brackets");
  }
  std::string host = base::to_lower(address);
  if (percent == npos) return host;
  const std::string_view zone = literal.substr(percent);
  const std::string_view name = zone.substr(std::min<std::size_t>(3, zone.size()));
  if (!zone.starts_with("%25") || name.empty() ||
      !std::all_of(name.begin(), name.end(), is_unreserved)) {
    return refuse(url, "has an IPv6 zone that is not written as in [fe80::1%25eth0]");
  }
  // Names of interfaces keep their case.
  host.append("%").append(name);
  return host;
}

Outcome<std::string> read_name(std::string_view url, std::string_view name) {
  if (name.empty()) return refuse(url, "has no host");
  if (is_non_ascii(name)) {
    return refuse(url, "has a host that is not ASCII; it must be given in its xn-- form");
  }
  const auto bad = std::find_if_not(name.begin(), name.end(), is_unreserved);
  if (bad != name.end()) {
    return refuse(url, std::string("has a '") + *bad + "' in its host");
  }
  if (name.size() > max_host) {
    return refuse(url, "has a host of " + std::to_string(name.size()) + " bytes; 253 are allowed");
  }
  return base::to_lower(name);
}

// `text` is empty or begins with the colon. RFC 3986 3.2.3: port = *DIGIT, so it may be empty.
Outcome<std::uint16_t> read_port(std::string_view url, std::string_view text, bool secure) {
  if (text.size() <= 1) return default_port(secure);
  const std::string_view digits = text.substr(1);
  const auto port = base::parse_decimal<std::uint16_t>(digits);
  if (port && *port != 0) return *port;
  return refuse(url, "has the port \"" + base::printable(digits, 20) + "\"; ports are 1 to 65535");
}

// Host and port of the URL from `text`, which is all between user info and path.
std::optional<Failure> read_host_and_port(std::string_view url, std::string_view text,
                                          Url& result) {
  std::string_view port;
  Outcome<std::string> host;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == npos) return refuse(url, "has a '[' without a ']'");
    port = text.substr(bracket + 1);
    if (!port.empty() && port.front() != ':') {
      return refuse(url, "has something other than a port behind its ']'");
    }
    host = read_ipv6(url, text.substr(1, bracket - 1));
  } else {
    const std::size_t colon = text.find(':');
    if (colon != npos && is_ipv6(text)) {
      return refuse(
          url, "has an IPv6 address without brackets; it is written [" + std::string(text) + "]");
    }
    port = colon == npos ? std::string_view() : text.substr(colon);
    host = read_name(url, text.substr(0, colon));
  }
  if (const auto* failure = std::get_if<Failure>(&host)) return *failure;
  const Outcome<std::uint16_t> number = read_port(url, port, result.secure);
  if (const auto* failure = std::get_if<Failure>(&number)) return *failure;
  result.host = std::get<std::string>(std::move(host));
  result.port = std::get<std::uint16_t>(number);
  return std::nullopt;
}

// Escapes that are none stay as they are.
std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? base::hex_value(text[i + 1])
                                                            : std::optional<unsigned>();
    const auto low = high ? base::hex_value(text[i + 2]) : high;
    if (low) {
      decoded += static_cast<char>(*high * 16U + *low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::optional<Failure> read_user_info(std::string_view url, std::string_view text, Url& result) {
  if (is_non_ascii(text)) return refuse(url, "has user info that is not percent-encoded");
  const std::size_t colon = text.find(':');
  const std::string user = percent_decode(text.substr(0, colon));
  const std::string password = colon == npos ? "" : percent_decode(text.substr(colon + 1));
  // RFC 7617 2: "a user-id containing a colon character is invalid"
  if (user.find(':') != npos) return refuse(url, "has a user name with a colon in it");
  // RFC 7617 2: "The user-id and password MUST NOT contain any control characters"
  const std::string both = user + ":" + password;
  if (std::any_of(both.begin(), both.end(), base::is_control)) {
    return refuse(url, "has a control character in its user info");
  }
  if (!text.empty()) result.user_info = both;
  return std::nullopt;
}

// RFC 3986 allows none of these in a path or query, but browsers take and encode them.
constexpr bool is_to_be_encoded(char c) {
  switch (c) {
    case '"':
    case '<':
    case '>':
    case '\\':
    case '^':
    case '`':
    case '{':
    case '|':
    case '}':
      return true;
    default:
      return false;
  }
}

std::string encode_target(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  // RFC 6455 3: the resource name is "/" if the path component is empty, then the path, then "?"
  // and the query where there is one.
  std::string target = text.starts_with('/') ? "" : "/";
  target.reserve(text.size() + 1);
  for (;;) {
    const auto next = std::find_if(text.begin(), text.end(), is_to_be_encoded);
    target.append(text.begin(), next);
    if (next == text.end()) return target;
    const auto byte = static_cast<unsigned char>(*next);
    target.append({'%', digits[byte / 16U], digits[byte % 16U]});
    text = {next + 1, text.end()};
  }
}

std::string with_port(std::string_view host, std::optional<std::uint16_t> port) {
  const bool is_ipv6 = host.find(':') != npos;
  std::string text(is_ipv6 ? "[" : "");
  text.append(host).append(is_ipv6 ? "]" : "");
  if (port) text.append(":").append(std::to_string(*port));
  return text;
}

std::string_view without_zone(std::string_view host) { return host.substr(0, host.find('%')); }

// Where user info would begin in a text that may be a URL.
std::size_t authority_begin(std::string_view url) {
  const std::size_t mark = url.find_first_of(":/?#@");
  const bool behind_scheme = mark != npos && url.substr(mark).starts_with(":/");
  const std::size_t begin = url.find_first_not_of("/\\", behind_scheme ? mark + 1 : 0);
  return begin == npos ? url.size() : begin;
}

// Where user info ends, at its '@'; npos where there seems to be none.
std::size_t user_info_end(std::string_view url, std::size_t begin) {
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::string_view authority = url.substr(begin, end - begin);
  const std::size_t at = authority.rfind('@');
  if (at != npos) return begin + at;
  // "ws://user:pa/ss@host": a password with a character that should have been encoded is still a
  // password. It shows by what would be a port otherwise.
  const std::size_t colon = authority.find(':');
  const bool has_port = colon == npos || authority.starts_with('[') ||
                        base::parse_decimal<std::uint16_t>(authority.substr(colon + 1));
  return has_port ? npos : url.rfind('@');
}

}  // namespace

std::string Url::authority() const {
  const bool is_default = port == default_port(secure);
  return with_port(without_zone(host), is_default ? std::nullopt : std::optional(port));
}

std::string Url::host_and_port() const { return with_port(host, port); }

std::string Url::origin() const { return (secure ? "https://" : "http://") + authority(); }

std::string Url::display() const {
  return (secure ? "wss://" : "ws://") + std::string(user_info ? "***@" : "") + authority() +
         target;
}

base::Outcome<Url> parse_url(std::string_view text) {
  if (auto failure = check_bytes(text)) return *std::move(failure);
  std::string_view rest;
  const Outcome<bool> secure = take_scheme(text, rest);
  if (const auto* failure = std::get_if<Failure>(&secure)) return *failure;
  // RFC 6455 3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT
  // be used on these URIs."
  if (rest.find('#') != npos) {
    return refuse(text, "has a fragment; a '#' that belongs to the path is written %23",
                  Errc::url_has_fragment);
  }
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, path);
  // Browsers read a backslash as a slash, others do not: which host is meant must not depend on it.
  if (authority.find('\\') != npos) return refuse(text, "has a backslash before its path");
  if (is_non_ascii(rest.substr(path))) {
    return refuse(text, "has a path or query that is not ASCII; it must be percent-encoded");
  }

  Url url;
  url.secure = std::get<bool>(secure);
  url.target = encode_target(rest.substr(path));
  const std::size_t at = authority.rfind('@');
  if (at != npos) {
    if (auto failure = read_user_info(text, authority.substr(0, at), url)) {
      return *std::move(failure);
    }
  }
  const std::string_view host_and_port = at == npos ? authority : authority.substr(at + 1);
  if (auto failure = read_host_and_port(text, host_and_port, url)) return *std::move(failure);
  return url;
}

std::string hide_user_info(std::string_view url) {
  const std::size_t begin = authority_begin(url);
  const std::size_t end = user_info_end(url, begin);
  if (end == npos || end <= begin) return std::string(url);
  return std::string(url.substr(0, begin)) + "***" + std::string(url.substr(end));
}

}  // namespace websocket::protocol
