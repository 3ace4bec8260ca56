/*
 * VK_LAYER_winekmt_fault: what it is told, and what it counts
 *
 * One struct fault_control a process, or a file that several map (see the top of fault_layer.c). Everything in it may be read
 * and written at any time by any thread of any process that maps it: all are aligned words, which the layer loads and stores whole.
 * A zeroed structure is a layer that changes nothing and only counts.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_FAULT_CONTROL_H
#define __WINEKMT_TESTS_FAULT_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULT_LAYER_NAME  "VK_LAYER_winekmt_fault"
#define FAULT_MAGIC       0x31746c7561466d6bull
#define FAULT_HEAPS       16
#define FAULT_TYPES       32
#define FAULT_RULES       4

/* Which errors a call may have by the specification, of whatever version: vkAllocateMemory had TOO_MANY_OBJECTS in the first ones. */
#define FAULT_H  0x01u      /* VK_ERROR_OUT_OF_HOST_MEMORY */
#define FAULT_D  0x02u      /* VK_ERROR_OUT_OF_DEVICE_MEMORY */
#define FAULT_L  0x04u      /* VK_ERROR_DEVICE_LOST */
#define FAULT_M  0x08u      /* VK_ERROR_MEMORY_MAP_FAILED */
#define FAULT_T  0x10u      /* VK_ERROR_TOO_MANY_OBJECTS */
#define FAULT_HD   (FAULT_H | FAULT_D)
#define FAULT_HDL  (FAULT_H | FAULT_D | FAULT_L)

/* Calls that can fail, without "vk", and their errors. */
#define FAULT_FAILABLE(F) \
    F(CreateInstance, FAULT_HD) \
    F(EnumeratePhysicalDevices, FAULT_HD) \
    F(EnumerateDeviceExtensionProperties, FAULT_HD) \
    F(CreateDevice, FAULT_HDL | FAULT_T) \
    F(AllocateMemory, FAULT_HD | FAULT_T) \
    F(MapMemory, FAULT_HD | FAULT_M) \
    F(FlushMappedMemoryRanges, FAULT_HD) \
    F(InvalidateMappedMemoryRanges, FAULT_HD) \
    F(BindBufferMemory, FAULT_HD) \
    F(BindImageMemory, FAULT_HD) \
    F(GetMemoryHostPointerPropertiesEXT, FAULT_H) \
    F(AllocateCommandBuffers, FAULT_HD) \
    F(AllocateDescriptorSets, FAULT_HD) \
    F(BeginCommandBuffer, FAULT_HD) \
    F(EndCommandBuffer, FAULT_HD) \
    F(ResetCommandBuffer, FAULT_D) \
    F(ResetCommandPool, FAULT_D) \
    F(QueueSubmit, FAULT_HDL) \
    F(QueueSubmit2, FAULT_HDL) \
    F(QueueWaitIdle, FAULT_HDL) \
    F(DeviceWaitIdle, FAULT_HDL) \
    F(ResetFences, FAULT_D) \
    F(GetFenceStatus, FAULT_HDL) \
    F(WaitForFences, FAULT_HDL) \
    F(GetEventStatus, FAULT_HDL) \
    F(GetQueryPoolResults, FAULT_HDL) \
    F(CreateGraphicsPipelines, FAULT_HD) \
    F(CreateComputePipelines, FAULT_HD)

/* Objects with a vkCreate and a vkDestroy of the plain form (device, info, allocator, handle), and the errors of vkCreate. */
#define FAULT_PLAIN_OBJECTS(F) \
    F(Buffer, FAULT_HD) \
    F(BufferView, FAULT_HD) \
    F(Image, FAULT_HD) \
    F(ImageView, FAULT_HD) \
    F(Sampler, FAULT_HD | FAULT_T) \
    F(Fence, FAULT_HD) \
    F(Semaphore, FAULT_HD) \
    F(Event, FAULT_HD) \
    F(QueryPool, FAULT_HD) \
    F(ShaderModule, FAULT_HD) \
    F(PipelineCache, FAULT_HD) \
    F(PipelineLayout, FAULT_HD) \
    F(DescriptorSetLayout, FAULT_HD) \
    F(DescriptorPool, FAULT_HD) \
    F(Framebuffer, FAULT_HD) \
    F(RenderPass, FAULT_HD) \
    F(CommandPool, FAULT_HD)

/* Calls that cannot fail: they are counted, and can be delayed. */
#define FAULT_OTHERS(F) \
    F(FreeMemory) \
    F(UnmapMemory) \
    F(GetPhysicalDeviceMemoryProperties) \
    F(GetBufferMemoryRequirements)

enum fault_call
{
#define F(name, errors) FAULT_##name,
    FAULT_FAILABLE(F)
#undef F
#define F(name, errors) FAULT_Create##name,
    FAULT_PLAIN_OBJECTS(F)
#undef F
    FAULT_FAILABLE_CALLS,
    FAULT_LAST_FAILABLE = FAULT_FAILABLE_CALLS - 1,
#define F(name) FAULT_##name,
    FAULT_OTHERS(F)
#undef F
    FAULT_CALLS,    /* how many there are; in rules and delays: any of them */
};

enum fault_object
{
    FAULT_OBJECT_Instance,
    FAULT_OBJECT_Device,
    FAULT_OBJECT_DeviceMemory,
    FAULT_OBJECT_CommandBuffer,     /* also go with their pools */
    FAULT_OBJECT_DescriptorSet,     /* also go with their pools */
    FAULT_OBJECT_Pipeline,
#define F(name, errors) FAULT_OBJECT_##name,
    FAULT_PLAIN_OBJECTS(F)
#undef F
    FAULT_OBJECTS,
};

/* What GPU the programs see. Set before the instance is made. */
enum fault_look
{
    FAULT_LOOK_DRIVER,      /* that of the driver */
    FAULT_LOOK_DISCRETE,    /* heap 0 local, heap 1 not; types 0: local, 1: host-visible, 2: host-visible and cached */
    FAULT_LOOK_REBAR,       /* the same, and type 3: local and host-visible */
};

enum fault_budget
{
    FAULT_BUDGET_DRIVER,    /* VK_EXT_memory_budget is there if the driver has it, and says what the driver says */
    FAULT_BUDGET_HIDE,
    FAULT_BUDGET_REPORT,    /* it is there, and says budget[] and what the layer has counted */
};

#define FAULT_PERSISTENT  1u    /* from then on */
#define FAULT_ANY_ERROR   2u    /* calls that may not have that error by the specification fail and count too */

/* left 0: no rule. Else the left-th call (1: the next one) of that kind, or of any with FAULT_CALLS, answers result and does nothing.
 * Set left last: it arms the rule. */
struct fault_rule
{
    uint32_t call;
    int32_t  result;        /* VkResult */
    uint32_t flags;
    uint32_t left;
};

struct fault_control
{
    uint64_t magic, size;   /* FAULT_MAGIC, sizeof(struct fault_control): of a file */

    /* Orders. Sizes are bytes; 0: as the driver has it, or as the look has it (256 MiB a heap). */
    uint32_t look;                          /* enum fault_look */
    uint32_t budget_mode;                   /* enum fault_budget; set before the instance is made */
    uint64_t heap_size[FAULT_HEAPS];        /* set before the instance is made */
    uint64_t heap_capacity[FAULT_HEAPS];    /* more of it is OUT_OF_DEVICE_MEMORY; 0: heap_size */
    uint64_t budget[FAULT_HEAPS];           /* what VK_EXT_memory_budget says; 0: the heap's size */
    uint64_t foreign[FAULT_HEAPS];          /* what it adds to the usage, as if others in the process used it */
    uint64_t max_memories;                  /* maxMemoryAllocationCount; one more is TOO_MANY_OBJECTS */
    uint32_t hidden_types;                  /* bits, of the look's types; set before the instance is made */
    uint32_t poison;                        /* fill memory when it is allocated and when it is freed, so that stale content shows */
    char     hidden_extensions[512];        /* of devices, with spaces between; set before the instance is made */
    uint32_t delay[FAULT_CALLS + 1];        /* microseconds; the last one: every call */
    struct fault_rule rules[FAULT_RULES];
    uint32_t losses;                        /* count it up: all devices that are open now are lost */
    uint32_t log;                           /* a line on the standard error for each call that fails by order */

    /* Counters. Of a file: over all processes that ever used it, and what ended without destroying its objects is counted for good. What
     * the layer itself goes by (heaps, budgets) it counts for each process alone. */
    uint64_t calls[FAULT_CALLS];            /* when they begin, failed ones too */
    uint64_t failures;                      /* calls that failed by order */
    uint64_t misuse;                        /* what no program may do: each is said on the standard error */
    uint64_t lost_devices;
    uint64_t live[FAULT_OBJECTS];           /* now; instances and devices too */
    uint64_t mapped_ranges;                 /* now */
    uint64_t imports;                       /* of live[FAULT_OBJECT_DeviceMemory]: host pointers */
    uint64_t heap_used[FAULT_HEAPS];        /* bytes now, without imports */
};

/* Poison: what nobody may rely on. */
#define FAULT_GARBAGE     0xa5
#define FAULT_FREED       0xdb

/* What the layer exports, for dlsym in the same process. */
typedef struct fault_control *(*fault_layer_control_func)( void );
/* The bytes behind a memory (VkDeviceMemory, as a number) whatever its type; NULL: the driver cannot show them. Needs poison. */
typedef void *(*fault_layer_peek_func)( uint64_t memory );

/* fault_config.c. Names are those of VkResult without VK_ERROR_, and of calls without "vk". */
extern const char *const fault_call_names[FAULT_CALLS + 1];
extern const char *const fault_object_names[FAULT_OBJECTS];
extern const uint8_t fault_call_errors[FAULT_FAILABLE_CALLS];
const char *fault_result_name( int32_t result );

/* Does what the words of orders say, as WINEKMT_FAULT has them (see the top of fault_layer.c). false: it is not understood, and
 * message says why; what came before has been done. */
bool fault_configure( struct fault_control *control, const char *orders, char message[256] );

/* Maps a control file; with create makes it where there is none. NULL: errno says why; EPROTO: it is something else. */
struct fault_control *fault_map_control( const char *path, bool create );

/* Nothing counted but what lives, nothing ordered to fail. */
void fault_reset_counters( struct fault_control *control );

#endif /* __WINEKMT_TESTS_FAULT_CONTROL_H */
