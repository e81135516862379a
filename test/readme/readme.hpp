// What the README's blocks may use without saying where it comes from: the address of a server that runs, and
// stand-ins for the reader's own program and toolkit.
#pragma once

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <websocket/websocket.hpp>

inline std::string readme_url() {
  const char* url = std::getenv("README_URL");
  return url != nullptr ? url : "ws://localhost:4040/";
}

using namespace std::chrono_literals;

inline void show(std::string_view) {}
inline bool window_is_open() { return false; }
inline void draw_frame() {}
inline std::string fresh_token() { return "token"; }

struct QObject {};
namespace Qt {
enum ConnectionType { QueuedConnection };
}
struct QMetaObject {
  template <class Functor>
  static bool invokeMethod(QObject*, Functor&&, Qt::ConnectionType) {
    return true;
  }
};
