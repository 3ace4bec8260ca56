/*
 * Vulkan: copies by the GPU
 *
 * Every copy takes a command pool and a fence of its own out of a list, so that threads record and wait at the same time
 * and hold the device's mutex only to submit. Large ones are cut into pieces, of which one is queued while the other runs: so
 * no watchdog of a driver takes a long copy for a hang, and the time-out is one for a piece. A piece that is not done in time
 * means a GPU that hangs: the device counts as lost, and what the copy uses is kept until its fence says that the GPU has let
 * go of it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <unistd.h>

#include "vulkan_private.h"
#include "os/os.h"

#define COPY_TIMEOUT_NS  10000000000ull
#define MUTE_TIMEOUT_NS  1000000000ull  /* for a driver that is too short of memory to say anything */
#define POLL_US          200
#define PIECE_SIZE       0x4000000ull   /* 64 MiB: some milliseconds over PCIe */

/***********************************************************************
 *           vulkan_create_buffer
 *
 * size: bytes. imported: for pages of the program. The buffer can be source and destination of copies.
 */
enum gpu_result vulkan_create_buffer( struct gpu_device *device, uint64_t size, bool imported, VkBuffer *buffer )
{
    VkExternalMemoryBufferCreateInfo external = { .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
            .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT };
    VkBufferCreateInfo info = { .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .pNext = imported ? &external : NULL, .size = size,
            .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
            .sharingMode = VK_SHARING_MODE_EXCLUSIVE };

    return vulkan_device_result( device, device->funcs.vkCreateBuffer( device->handle, &info, NULL, buffer ));
}

/* Makes the buffer over all of a memory, once. */
static enum gpu_result get_buffer_locked( struct gpu_device *device, struct gpu_memory *memory )
{
    VkMemoryRequirements requirements;
    enum gpu_result ret;
    VkBuffer buffer;

    if (memory->buffer) return GPU_SUCCESS;
    if ((ret = vulkan_create_buffer( device, memory->size, memory->kind == MEMORY_IMPORTED, &buffer ))) return ret;
    device->funcs.vkGetBufferMemoryRequirements( device->handle, buffer, &requirements );
    if (requirements.size > memory->size || !(requirements.memoryTypeBits & (1u << memory->type)))
    {
        ERR( "%s: a buffer of %llu bytes needs %llu bytes, types %#x", device->adapter.name,
             (unsigned long long)memory->size, (unsigned long long)requirements.size, requirements.memoryTypeBits );
        ret = GPU_FAILED;
    }
    else
        ret = vulkan_device_result( device, device->funcs.vkBindBufferMemory( device->handle, buffer, memory->handle,
                                                                              0 ));
    if (ret)
    {
        device->funcs.vkDestroyBuffer( device->handle, buffer, NULL );
        return ret;
    }
    memory->buffer = buffer;
    return GPU_SUCCESS;
}

static void destroy_copy( struct gpu_device *device, struct vulkan_copy *copy )
{
    if (copy->fence) device->funcs.vkDestroyFence( device->handle, copy->fence, NULL );
    if (copy->pool) device->funcs.vkDestroyCommandPool( device->handle, copy->pool, NULL );
    free( copy );
}

static enum gpu_result create_copy( struct gpu_device *device, struct vulkan_copy **ret_copy )
{
    VkCommandPoolCreateInfo pool_info = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
            .flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT, .queueFamilyIndex = device->queue_family };
    VkCommandBufferAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
            .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY, .commandBufferCount = 1 };
    VkFenceCreateInfo fence_info = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    struct vulkan_copy *copy;
    VkResult result;

    if (!(copy = calloc( 1, sizeof(*copy) ))) return GPU_OUT_OF_HOST_MEMORY;
    if ((result = device->funcs.vkCreateCommandPool( device->handle, &pool_info, NULL, &copy->pool )))
        copy->pool = VK_NULL_HANDLE;
    info.commandPool = copy->pool;
    if (!result) result = device->funcs.vkAllocateCommandBuffers( device->handle, &info, &copy->commands );
    if (!result && (result = device->funcs.vkCreateFence( device->handle, &fence_info, NULL, &copy->fence )))
        copy->fence = VK_NULL_HANDLE;
    if (result) destroy_copy( device, copy );
    else *ret_copy = copy;
    return vulkan_device_result( device, result );
}

static VkResult record_copy( struct gpu_device *device, struct vulkan_copy *copy, const struct vulkan_region *regions,
                             unsigned int count, const struct gpu_memory *other, bool write )
{
    VkCommandBufferBeginInfo begin = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                       .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT };
    VkMemoryBarrier before = { .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER, .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                               .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT };
    VkMemoryBarrier after = { .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER, .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                              .dstAccessMask = VK_ACCESS_HOST_READ_BIT | VK_ACCESS_HOST_WRITE_BIT };
    unsigned int i;
    VkResult result;

    if ((result = device->funcs.vkResetCommandPool( device->handle, copy->pool, 0 ))) return result;
    if ((result = device->funcs.vkResetFences( device->handle, 1, &copy->fence ))) return result;
    if ((result = device->funcs.vkBeginCommandBuffer( copy->commands, &begin ))) return result;
    /* Earlier copies, of whatever thread, come first; what the CPU wrote is visible by submitting. */
    device->funcs.vkCmdPipelineBarrier( copy->commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT,
                                        0, 1, &before, 0, NULL, 0, NULL );
    for (i = 0; i < count; i++)     /* they write to different places, so there is no order between them */
    {
        const struct vulkan_region *region = &regions[i];
        VkBufferCopy in = { region->other_offset, region->offset, region->size };
        VkBufferCopy out = { region->offset, region->other_offset, region->size };

        if (write) device->funcs.vkCmdCopyBuffer( copy->commands, other->buffer, region->memory->buffer, 1, &in );
        else device->funcs.vkCmdCopyBuffer( copy->commands, region->memory->buffer, other->buffer, 1, &out );
    }
    device->funcs.vkCmdPipelineBarrier( copy->commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT,
                                        0, 1, &after, 0, NULL, 0, NULL );
    return device->funcs.vkEndCommandBuffer( copy->commands );
}

static VkResult submit_copy( struct gpu_device *device, struct vulkan_copy *copy )
{
    VkSubmitInfo submit = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &copy->commands };
    VkResult result;

    pthread_mutex_lock( &device->mutex );
    result = device->funcs.vkQueueSubmit( device->queue, 1, &submit, copy->fence );
    pthread_mutex_unlock( &device->mutex );
    copy->submitted = !result || result == VK_ERROR_DEVICE_LOST;
    return result;
}

/* Waits for a submitted copy. A wait that fails for want of memory says nothing about the copy, which may be writing to pages
 * that the caller is about to reuse: the fence is asked until it answers. VK_TIMEOUT: it did not end. */
static VkResult wait_copy( struct gpu_device *device, struct vulkan_copy *copy )
{
    uint64_t start = os_time_ns(), timeout = MUTE_TIMEOUT_NS;
    VkResult result;

    /* Where a GPU hangs already, nobody waits for it a second time, and no other error hides that it is lost. */
    if (atomic_load( &device->hung )) return device->funcs.vkGetFenceStatus( device->handle, copy->fence ) ? VK_TIMEOUT : VK_SUCCESS;

    result = device->funcs.vkWaitForFences( device->handle, 1, &copy->fence, VK_TRUE, COPY_TIMEOUT_NS );
    if (!result || result == VK_ERROR_DEVICE_LOST || result == VK_TIMEOUT) return result;
    for (;;)
    {
        result = device->funcs.vkGetFenceStatus( device->handle, copy->fence );
        if (!result || result == VK_ERROR_DEVICE_LOST) return result;
        if (result == VK_NOT_READY) timeout = COPY_TIMEOUT_NS;
        if (os_time_ns() - start > timeout) return VK_TIMEOUT;
        usleep( POLL_US );
    }
}

/* Whether the GPU is done with a submitted copy, also when it was lost on it. */
static bool copy_done( struct gpu_device *device, struct vulkan_copy *copy, uint64_t timeout )
{
    VkResult result;

    if (!timeout) result = device->funcs.vkGetFenceStatus( device->handle, copy->fence );
    else result = device->funcs.vkWaitForFences( device->handle, 1, &copy->fence, VK_TRUE, timeout );
    /* A lost device finishes all its work, says the specification (4.2.3.1). */
    return result == VK_SUCCESS || result == VK_ERROR_DEVICE_LOST;
}

/***********************************************************************
 *           vulkan_hung_copies_done
 *
 * Whether nothing that was given up is still under way. timeout: nanoseconds to wait at most, for each.
 */
bool vulkan_hung_copies_done( struct gpu_device *device, uint64_t timeout )
{
    struct vulkan_copy *copy;
    bool done = true;

    pthread_mutex_lock( &device->mutex );
    for (copy = device->hung_copies; copy && done; copy = copy->next) done = copy_done( device, copy, timeout );
    pthread_mutex_unlock( &device->mutex );
    return done;
}

/* Destroys all command pools and fences; none is in use. */
void vulkan_destroy_copies( struct gpu_device *device )
{
    struct vulkan_copy *copy;

    while ((copy = device->idle_copies))
    {
        device->idle_copies = copy->next;
        destroy_copy( device, copy );
    }
    while ((copy = device->hung_copies))
    {
        device->hung_copies = copy->next;
        destroy_copy( device, copy );
    }
}

/* Puts a copy back after use, failed or not; the GPU may still be at it. */
static void release_copy( struct gpu_device *device, struct vulkan_copy *copy, VkResult result )
{
    bool hung = result && copy->submitted && !copy_done( device, copy, 0 );
    struct vulkan_copy **list = hung ? &device->hung_copies : &device->idle_copies;

    pthread_mutex_lock( &device->mutex );
    copy->submitted = false;
    copy->next = *list;
    *list = copy;
    if (hung) atomic_store( &device->hung, true );
    pthread_mutex_unlock( &device->mutex );
}

/***********************************************************************
 *           vulkan_start_copy
 *
 * Queues a copy, behind all that were queued before, between other and the memories of the regions, which are count, 1 or
 * more: with write into these, else out of them. Offsets, sizes: bytes, checked by the caller, no size 0; what is written
 * does not overlap. After success vulkan_finish_copy must be called; all memories live until then. After a failure *copy is
 * NULL and the GPU is done with them, or gpu_free_memory knows that it is not.
 * Cost: the device's mutex, twice, for moments, and one submission; a VkBuffer for each memory at its first copy.
 */
enum gpu_result vulkan_start_copy( struct gpu_device *device, const struct vulkan_region *regions, unsigned int count,
                                   struct gpu_memory *other, bool write, struct vulkan_copy **ret_copy )
{
    struct vulkan_copy *copy = NULL;
    enum gpu_result ret;
    VkResult result;
    unsigned int i;

    *ret_copy = NULL;
    if (atomic_load( &device->lost )) return GPU_DEVICE_LOST;

    pthread_mutex_lock( &device->mutex );
    ret = get_buffer_locked( device, other );
    for (i = 0; !ret && i < count; i++) ret = get_buffer_locked( device, regions[i].memory );
    if (!ret && (copy = device->idle_copies)) device->idle_copies = copy->next;
    pthread_mutex_unlock( &device->mutex );

    if (!ret && !copy) ret = create_copy( device, &copy );
    if (ret) return ret;

    result = record_copy( device, copy, regions, count, other, write );
    if (!result) result = submit_copy( device, copy );
    if (result)
    {
        ret = vulkan_device_result( device, result );
        release_copy( device, copy, result );
        return ret;
    }
    *ret_copy = copy;
    return GPU_SUCCESS;
}

/***********************************************************************
 *           vulkan_finish_copy
 *
 * Waits for a copy and gives it back. GPU_DEVICE_LOST is the only failure: the GPU was lost or hangs. Then the memories
 * may still be in use, which gpu_free_memory knows.
 */
enum gpu_result vulkan_finish_copy( struct gpu_device *device, struct vulkan_copy *copy )
{
    VkResult result = wait_copy( device, copy );
    enum gpu_result ret = vulkan_device_result( device, result );

    release_copy( device, copy, result );
    return ret;
}

/***********************************************************************
 *           gpu_copy_memory
 *
 * GPU_FAILED: out of bounds, not multiples of 4, or overlapping ranges of one memory; nothing is copied then. Size 0 is
 * success.
 * Cost: the device's mutex to submit, not while waiting; a VkBuffer for each memory at its first copy.
 */
enum gpu_result gpu_copy_memory( struct gpu_device *device, struct gpu_memory *dst, uint64_t dst_offset,
                                 struct gpu_memory *src, uint64_t src_offset, uint64_t size )
{
    struct vulkan_copy *older = NULL, *newer;
    enum gpu_result ret = GPU_SUCCESS, last;
    uint64_t done, part;

    if (atomic_load( &device->lost )) return GPU_DEVICE_LOST;
    if (dst_offset > dst->size || size > dst->size - dst_offset || src_offset > src->size ||
        size > src->size - src_offset || ((dst_offset | src_offset | size) & 3)) return GPU_FAILED;
    if (dst == src && dst_offset < src_offset + size && src_offset < dst_offset + size) return GPU_FAILED;

    for (done = 0; !ret && done < size; done += part)
    {
        struct vulkan_region region = { dst, dst_offset + done, src_offset + done, size - done };

        if (region.size > PIECE_SIZE) region.size = PIECE_SIZE;
        part = region.size;
        if ((ret = vulkan_start_copy( device, &region, 1, src, true, &newer ))) break;
        if (older) ret = vulkan_finish_copy( device, older );
        older = newer;
    }
    if (older)
    {
        last = vulkan_finish_copy( device, older );
        if (last) ret = last;   /* the device is lost, whatever was wrong before */
    }
    return ret;
}
