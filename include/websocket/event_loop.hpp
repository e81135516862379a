// Many apps on one thread, or on the thread of a GUI or a game.
#pragma once

#include <cstddef>
#include <memory>
#include <websocket/export.hpp>

namespace websocket {

/// Runs the apps that were constructed with it. `WebSocketApp::start()` hands an app over and
/// returns; the app then lives on whichever thread runs this loop, and its handlers run there.
///
/// One thread runs it: a background thread of its own (`start`), the one that calls `run`, or the
/// one that calls `poll` again and again. A loop nobody runs does nothing, so an app's `wait()`
/// then waits for somebody to run it.
class WEBSOCKET_API EventLoop {
 public:
  EventLoop();
  /// Stops, ends the apps that still run (each is told with 1006, on this thread) and waits for a
  /// handler that is running. Not to be called from a handler of one of its apps.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs on a background thread of its own, until `stop` or destruction.
  /// Throws std::logic_error when the loop is being run already.
  void start();
  /// Runs on the calling thread until `stop()`, also while there is nothing to do.
  /// Throws std::logic_error when the loop is being run already.
  void run();
  /// Does what is ready, without waiting; returns how much that was. From the frame or idle
  /// function of another loop. Where more keeps coming it returns all the same once 8 ms have passed
  /// and the handlers of what it has just read have run; the rest is for the next call. In a handler
  /// of one of the loop's apps (which may run a window's loop of its own, for a dialog) it does
  /// nothing. Throws std::logic_error when another thread is running the loop.
  std::size_t poll();
  /// A descriptor that becomes readable when `poll` has something to do (messages, timers, what
  /// other threads have queued): for a foreign loop to sleep on, as Qt's QSocketNotifier or
  /// g_unix_fd_add do. It belongs to the EventLoop; read nothing from it. Poll once after asking
  /// for it, and whenever it is readable. From the thread that polls. -1 where the platform has none
  /// (all but Linux in this version): call `poll` from a timer there. Also -1 while another thread
  /// runs the loop, and in a child process that fork() made.
  int native_handle() const noexcept;
  /// Lets `run`, `poll` or the background thread return once the handlers of what it has just read
  /// have run; the apps stay as they are, and go on when the loop is run again. From any thread and
  /// handler. Outside of the loop's own thread it returns when a background thread has ended.
  void stop();

 private:
  friend class WebSocketApp;
  class WEBSOCKET_LOCAL Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace websocket
