// URLs, RFC 6455 3 and RFC 3986: what is accepted is safe to connect to and to put in a request
// line, and is the same URL when it is printed and read again. The whole input is the URL.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "fuzz/require.hpp"
#include "protocol/url.hpp"

namespace {

using fuzz::require;
using websocket::base::Failure;
using websocket::protocol::parse_url;
using websocket::protocol::Url;

bool is_graphic(char c) { return c > ' ' && c < '\x7f'; }

bool all_graphic(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_graphic);
}

std::string escape_everything(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    escaped += '%';
    escaped += digits[byte / 16U];
    escaped += digits[byte % 16U];
  }
  return escaped;
}

// As RFC 3986 3 puts a URL together, from the parts the library tells.
std::string put_together(const Url& url) {
  std::string text = url.secure ? "wss://" : "ws://";
  if (url.user_info) {
    const std::size_t colon = url.user_info->find(':');
    text += escape_everything(std::string_view(*url.user_info).substr(0, colon)) + ":" +
            escape_everything(std::string_view(*url.user_info).substr(colon + 1)) + "@";
  }
  std::string host = url.host;
  // RFC 6874 2: in a URL the '%' before a zone is written %25.
  if (const std::size_t zone = host.find('%'); zone != std::string::npos)
    host.insert(zone + 1, "25");
  const bool ipv6 = host.find(':') != std::string::npos;
  text += ipv6 ? "[" + host + "]" : host;
  return text + ":" + std::to_string(url.port) + url.target;
}

Url read_again(const std::string& text) {
  const auto outcome = parse_url(text);
  require(std::holds_alternative<Url>(outcome), "a URL's printed form is a URL");
  return std::get<Url>(outcome);
}

void require_same_place(const Url& a, const Url& b) {
  require(a.secure == b.secure, "a URL's printed form has its scheme");
  require(a.host == b.host, "a URL's printed form has its host");
  require(a.port == b.port, "a URL's printed form has its port");
  require(a.target == b.target, "a URL's printed form has its target");
}

void check_accepted(std::string_view text, const Url& url) {
  require(url.port != 0, "an accepted URL has a port that can be connected to");
  require(!url.host.empty() && all_graphic(url.host), "an accepted host is visible ASCII");
  require(url.host.find_first_of("/?#@\\[]") == std::string::npos,
          "an accepted host has no delimiter in it");
  require(url.target.starts_with('/'), "a target begins with a slash");
  require(all_graphic(url.target), "a target is visible ASCII");
  require(url.target.find('#') == std::string::npos, "a target has no fragment");
  require(all_graphic(url.authority()), "an authority is visible ASCII");

  const Url again = read_again(put_together(url));
  require_same_place(url, again);
  require(url.user_info == again.user_info, "a URL's printed form has its user info");

  if (url.host.find('%') == std::string::npos) require_same_place(url, read_again(url.display()));
  if (!url.user_info) return;
  require(url.user_info->find(':') != std::string::npos, "user info has its colon");
  require(std::none_of(url.user_info->begin(), url.user_info->end(),
                       [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }),
          "user info has no control character");
  const std::size_t begin = text.find("://") + 3;
  const std::size_t end = text.find_first_of("/?", begin);
  const std::size_t at = text.rfind('@', end == std::string_view::npos ? end : end - 1);
  require(websocket::protocol::hide_user_info(text) ==
              std::string(text.substr(0, begin)) + "***" + std::string(text.substr(at)),
          "user info is hidden where a URL is shown");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto outcome = parse_url(text);
  if (const auto* url = std::get_if<Url>(&outcome)) {
    check_accepted(text, *url);
    return 0;
  }
  const auto& failure = std::get<Failure>(outcome);
  require(make_error_code(failure.code) == websocket::Condition::invalid_argument,
          "a URL that is refused is an invalid argument");
  require(!failure.message.empty(), "a refusal has words");
  require(std::all_of(failure.message.begin(), failure.message.end(),
                      [](char c) { return c == ' ' || is_graphic(c); }),
          "a refusal's words can be printed");
  return 0;
}
