// Which symbols the shared library shows to the outside: those marked WEBSOCKET_API, and no others.
#pragma once

#if defined(_WIN32) && !defined(WEBSOCKET_STATIC)
#if defined(WEBSOCKET_BUILDING)
#define WEBSOCKET_API __declspec(dllexport)
#else
#define WEBSOCKET_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define WEBSOCKET_API __attribute__((visibility("default")))
#else
#define WEBSOCKET_API
#endif
