// In place of deflate_zlib.cpp where there is no zlib.
#include <stdexcept>

#include "load_content.hpp"

namespace bench {

std::string deflate_message(const std::string&, int) {
  throw std::runtime_error("the load server was built without zlib");
}

}  // namespace bench
