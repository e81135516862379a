// Asio's bodies, compiled here once (ASIO_SEPARATE_COMPILATION): a layer that reaches for Asio
// without this library fails to link. TLS is OpenSSL's, used directly; asio::ssl is not part of
// this.
#include <asio/impl/src.hpp>
