// Everything this library offers. Each header also stands alone.
#pragma once

#include <websocket/app.hpp>
#include <websocket/broadcast.hpp>
#include <websocket/callback.hpp>
#include <websocket/client.hpp>
#include <websocket/close.hpp>
#include <websocket/error.hpp>
#include <websocket/event_loop.hpp>
#include <websocket/exceptions.hpp>
#include <websocket/headers.hpp>
#include <websocket/message.hpp>
#include <websocket/options.hpp>
#include <websocket/trace.hpp>
#include <websocket/version.hpp>
