#include "protocol/extension_list.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/ascii.hpp"

namespace websocket::protocol {
namespace {

constexpr std::size_t max_quoted = 80;  // foreign bytes in a sentence

bool is_separator(char c) { return c == ',' || c == ';' || c == '='; }
bool is_space(char c) { return c == ' ' || c == '\t'; }

// RFC 6455 9.1:
//   extension-list = 1#extension
//   extension = extension-token *( ";" extension-param )
//   extension-param = token [ "=" (token | quoted-string) ]
// White space may stand between all of them (RFC 2616 2.1), and elements of a list may be empty
// (RFC 9110 5.6.1.2).
class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text) {}

  // False where the grammar is not kept.
  bool read(std::vector<Extension>& extensions) {
    for (;;) {
      while (accept(',')) {
      }
      if (left_.empty()) return true;
      if (!read_extension(extensions.emplace_back())) return false;
      if (!left_.empty() && left_.front() != ',') return false;
    }
  }

 private:
  bool read_extension(Extension& extension) {
    if (!read_token(extension.name)) return false;
    while (accept(';')) {
      if (!read_parameter(extension.parameters.emplace_back())) return false;
    }
    return true;
  }

  bool read_parameter(ExtensionParameter& parameter) {
    if (!read_token(parameter.name)) return false;
    if (!accept('=')) return true;
    std::string& value = parameter.value.emplace();
    if (left_.empty() || left_.front() != '"') return read_token(value);
    // "When using the quoted-string syntax variant, the value after quoted-string unescaping MUST
    // conform to the 'token' ABNF."
    return read_quoted(value) && base::is_token(value);
  }

  bool read_token(std::string& token) {
    const auto end = std::find_if(left_.begin(), left_.end(),
                                  [](char c) { return is_separator(c) || is_space(c); });
    token.assign(left_.begin(), end);
    skip(token.size());
    return base::is_token(token);
  }

  bool read_quoted(std::string& text) {
    for (std::size_t at = 1; at < left_.size(); ++at) {
      if (left_[at] == '"') {
        skip(at + 1);
        return true;
      }
      if (left_[at] == '\\' && ++at == left_.size()) return false;
      text += left_[at];
    }
    return false;
  }

  bool accept(char separator) {
    skip(0);
    if (left_.empty() || left_.front() != separator) return false;
    skip(1);
    return true;
  }

  // That many bytes, and the white space behind them.
  void skip(std::size_t count) {
    left_.remove_prefix(count);
    while (!left_.empty() && is_space(left_.front())) left_.remove_prefix(1);
  }

  std::string_view left_;
};

}  // namespace

base::Outcome<std::vector<Extension>> read_extensions(const Headers& headers) {
  std::vector<Extension> extensions;
  const auto fields = headers.get_all("Sec-WebSocket-Extensions");
  for (const std::string_view field : fields) {
    if (!Reader(field).read(extensions)) {
      return base::Failure{Errc::unexpected_extension,
                           "the server's Sec-WebSocket-Extensions cannot be read: \"" +
                               base::printable(field, max_quoted) + "\""};
    }
  }
  // 1#extension: elements may be empty, but not all of them.
  if (extensions.empty() && !fields.empty()) {
    return base::Failure{Errc::unexpected_extension,
                         "the server's Sec-WebSocket-Extensions is empty"};
  }
  return extensions;
}

}  // namespace websocket::protocol
