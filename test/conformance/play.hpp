// Plays a row on every face and in every chunking, and checks what came of it at both ends.
#pragma once

#include <doctest/doctest.h>

#include "conformance/case.hpp"
#include "conformance/exchange.hpp"
#include "conformance/face.hpp"

namespace conformance {

void play(const Case& row);

/// One play: `talk_now` runs a face against `server().url()`.
void play(const Case& row, Face face, Chunking chunking, const std::function<Told()>& talk_now);

}  // namespace conformance

/// So that a failing comparison shows what was told.
template <>
struct doctest::StringMaker<std::vector<conformance::Delivery>> {
  static doctest::String convert(const std::vector<conformance::Delivery>& deliveries);
};
