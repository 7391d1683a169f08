// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>

#include <filesystem>
#include <optional>

namespace regctl {

// Where a user's files lie, in the environment that is handed in. A variable of XDG that is empty
// or holds no absolute path is ignored; nothing where there is no home either. Source: XDG Base
// Directory Specification 0.8.

/// $HOME.
std::optional<std::filesystem::path> home_folder(const Environment& environment);
/// $XDG_CONFIG_HOME, else ~/.config.
std::optional<std::filesystem::path> config_folder(const Environment& environment);
/// $XDG_DATA_HOME, else ~/.local/share.
std::optional<std::filesystem::path> data_folder(const Environment& environment);
/// $XDG_STATE_HOME, else ~/.local/state.
std::optional<std::filesystem::path> state_folder(const Environment& environment);
/// $XDG_RUNTIME_DIR, for which there is no other place.
std::optional<std::filesystem::path> runtime_folder(const Environment& environment);

// Those of the user we are, in this process' environment: without $HOME the home is the one that
// the system knows, else "/".
std::filesystem::path own_home_folder();
std::filesystem::path own_config_folder();

} // namespace regctl
