// Threads of apps that were destroyed by their own handlers: such a thread cannot be joined by who destroys the
// app, since it is that thread. Nor may it be left to itself: a process that exits under a running thread
// tears down what the thread stands on. So it is kept here, joined when it has ended, at the latest at exit.
#pragma once

#include <functional>
#include <future>
#include <thread>

namespace websocket::api {

struct OrphanThread {
  std::thread thread;
  std::future<void> ended;
  // From any thread: brings it to its end without waiting for the network.
  std::function<void()> hurry;
};

void adopt(OrphanThread orphan);

}  // namespace websocket::api
