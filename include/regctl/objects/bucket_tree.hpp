// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/storage_tree.hpp>
#include <regctl/objects/bucket.hpp>

#include <memory>
#include <string_view>

namespace regctl::objects {

/// Opens the storage tree whose files are the objects below `prefix` in a bucket: "a/b" is the
/// object PREFIX/a/b. Slashes at the ends of `prefix` do not count; an empty one stands for the
/// whole bucket. No request is sent.
///
/// The contract of StorageTree in a bucket:
/// - A folder is there as long as an object lies below it. It has no version.
/// - An object appears whole or not at all, and is durable when it has appeared. A small file takes
///   one request, a long one is sent in parts of 8 MiB, of which few are held at a time.
/// - A lease holds among the threads of this process. Between processes the mark of claim() takes
///   its place. It names its process, and is put on condition that there is none (If-None-Match: *)
///   where the server can do that. A mark counts for two minutes after it was last put. One of a
///   process of this machine that is gone does not count.
///   put_signed_mark() names the process in the same way.
/// - copy_file() takes files of trees at the same server that are read with the same key and have
///   an ETag. Copies of more than 512 MiB are made in parts. That the version is the one that was
///   opened is known from the copy's ETag, or from that of the file once it is copied: Ceph 16
///   compares none.
/// - put_if_unchanged() compares versions (ETags) before it writes, and has the server compare them
///   when it does (If-Match) where the server can do that.
/// - Half-written files are uploads in parts that were neither completed nor aborted. Nobody sees
///   them, but they are stored. They tell when they were begun, not their size.
///
/// Errors are those of Bucket; Error{local_io} for a folder that is not empty. Thread-safe.
std::unique_ptr<StorageTree> open_bucket_tree(std::shared_ptr<Bucket> bucket,
                                              std::string_view prefix);

} // namespace regctl::objects
