// No vectors are known for this machine: whoever asks has another way.
#include "base/utf8_vectors.hpp"

namespace websocket::base {

bool has_utf8_vectors() noexcept { return false; }
bool is_utf8_by_vectors(std::string_view) noexcept { return false; }

}  // namespace websocket::base
