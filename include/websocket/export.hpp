// Which symbols the shared library shows to the outside: those marked WEBSOCKET_API, and no others.
// WEBSOCKET_LOCAL keeps a class inside that is declared within an exported one.
#pragma once

#if defined(_WIN32) && !defined(WEBSOCKET_STATIC)
#if defined(WEBSOCKET_BUILDING)
#define WEBSOCKET_API __declspec(dllexport)
#else
#define WEBSOCKET_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define WEBSOCKET_API __attribute__((visibility("default")))
#define WEBSOCKET_LOCAL __attribute__((visibility("hidden")))
#else
#define WEBSOCKET_API
#endif
#ifndef WEBSOCKET_LOCAL
#define WEBSOCKET_LOCAL
#endif
