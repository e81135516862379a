// While it lives, no signal is delivered to the calling thread, nor to threads it starts: signals
// are the program's. Does nothing where there are none.
#pragma once

#ifndef _WIN32
#include <csignal>
#endif

namespace websocket::net {

#ifdef _WIN32
class SignalsBlocked {
 public:
  SignalsBlocked() {}
  ~SignalsBlocked() {}
};
#else
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};
#endif

}  // namespace websocket::net
