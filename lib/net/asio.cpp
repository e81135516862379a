// Asio's bodies, compiled here once (ASIO_SEPARATE_COMPILATION): a layer that reaches for Asio
// without this library fails to link. TLS is OpenSSL's, used directly; asio::ssl is not part of
// this.

// Asio settles what it uses of the standard library by that library's macros. With no standard
// header before its own it sees none of them, and its bodies would not fit the inline parts
// compiled elsewhere.
#include <cstddef>

#include <asio/impl/src.hpp>
