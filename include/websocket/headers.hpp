// Header fields of the opening handshake (RFC 9110 5.1, 5.3) and the server's answer.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <websocket/export.hpp>

namespace websocket {

/// Header fields in their order, repeats kept, names compared without regard to case.
/// A plain value: copy it, move it; one object is used by one thread at a time.
/// What is stored is checked when it is used: a name that is not an RFC 9110 token, or a value with
/// CR, LF or NUL, is refused (`Errc::invalid_header`) before anything is sent.
class WEBSOCKET_API Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields);

  /// Appends a field, also when one of that name exists.
  void add(std::string name, std::string value);
  /// Replaces every field of that name by this one, which takes the place of the first of them.
  void set(std::string name, std::string value);

  /// The first value of that name; the view is valid until this object changes.
  std::optional<std::string_view> get(std::string_view name) const;
  /// Every value of that name, in order; the views are valid until this object changes.
  std::vector<std::string_view> get_all(std::string_view name) const;

  std::size_t size() const noexcept { return fields_.size(); }
  bool empty() const noexcept { return fields_.empty(); }
  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

/// An HTTP answer to the opening handshake.
struct Response {
  int status = 0;      ///< 101 when the handshake went well; 0 before there was an answer
  std::string reason;  ///< the words behind the status
  Headers headers;
  std::string body;  ///< of an answer other than 101, at most 64 KiB of it
};

}  // namespace websocket
