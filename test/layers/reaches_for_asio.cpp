// What a file of the protocol layer must not do: it compiles, and must not link.
#include <asio/io_context.hpp>

void reach_for_asio() { asio::io_context().run(); }
