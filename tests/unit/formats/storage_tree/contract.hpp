// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/storage_tree.hpp>

#include <functional>
#include <memory>

namespace regctl::test {

/// Opens one and the same tree again and again, each time as another process would.
using OpenTree = std::function<std::unique_ptr<StorageTree>()>;

/// Checks what every kind of storage tree promises. To be called first thing in a test case, with a
/// tree that is empty whenever the case begins: it has doctest's subcases.
void check_storage_tree(const OpenTree& open);

} // namespace regctl::test
