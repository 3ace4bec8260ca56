/*
 * An ordinary Windows program that uses Direct3D: what DXGI says of each GPU, and a triangle by Direct3D 11 and by Direct3D 9
 *
 * Whose dxgi, d3d11 and d3d9 these are (wined3d's, DXVK's) is up to whoever runs it; it says that. "d3d.exe dxgi" asks
 * DXGI only.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#define COBJMACROS
#define INITGUID
#include "client.h"

#include "wingdi.h"
#include "winuser.h"
#include "objbase.h"
#include "dxgi1_4.h"
#include "d3d11.h"
#include "d3dcompiler.h"
#include "d3d9.h"

#define SIZE  64        /* pixels of the render target in each direction */

static int check( HRESULT hr, const char *what )
{
    if (FAILED( hr )) fail( "%s: %08lx", what, (unsigned long)hr );
    return SUCCEEDED( hr );
}

/* A function of a module that may be missing; whose module it is comes as a note. */
static void *find( const char *module, const char *name )
{
    HMODULE handle = LoadLibraryA( module );
    char path[MAX_PATH] = "";
    void *proc = handle ? (void *)GetProcAddress( handle, name ) : NULL;

    if (!proc) fail( "%s of %s is missing", name, module );
    else if (GetModuleFileNameA( handle, path, sizeof(path) )) printf( "note module: %s\n", path );
    return proc;
}

/* What is in the picture: some pixels, and all of them. */
static void describe_picture( const char *what, const uint8_t *pixels, size_t pitch )
{
    static const struct { int x, y; } probes[] = { { 0, 0 }, { SIZE / 2, SIZE / 2 }, { SIZE / 2, SIZE - 4 }, { SIZE - 1, 0 } };
    uint8_t rows[SIZE][SIZE * 4];
    unsigned int i, x, y, lit = 0;
    uint32_t value, background;

    memcpy( &background, pixels, sizeof(background) );
    for (y = 0; y < SIZE; y++)
    {
        memcpy( rows[y], pixels + y * pitch, sizeof(rows[y]) );
        for (x = 0; x < SIZE; x++) lit += !!memcmp( rows[y] + 4 * x, &background, sizeof(background) );
    }
    for (i = 0; i < ARRAYSIZE( probes ); i++)
    {
        memcpy( &value, rows[probes[i].y] + 4 * probes[i].x, sizeof(value) );
        printf( "same %s pixel %d,%d: %08x\n", what, probes[i].x, probes[i].y, value );
    }
    printf( "same %s: %u of %u pixels are the triangle's, all together %016llx\n", what, lit, SIZE * SIZE,
            (unsigned long long)checksum( rows, sizeof(rows) ) );
    /* Its corners are at -0.8 and 0.8: a third of the picture. */
    if (lit < SIZE * SIZE / 5 || lit > SIZE * SIZE / 2) fail( "%s: this is no triangle", what );
}

/*
 * DXGI
 */

/* budget: what D3DKMT said a moment ago of the local group, 0 when it said nothing. */
static void describe_memory( IDXGIAdapter1 *adapter, uint64_t budget )
{
    DXGI_QUERY_VIDEO_MEMORY_INFO info;
    IDXGIAdapter3 *adapter3;
    unsigned int group;
    HRESULT hr;

    if (FAILED( IDXGIAdapter1_QueryInterface( adapter, &IID_IDXGIAdapter3, (void **)&adapter3 ) ))
    {
        printf( "same memory: no IDXGIAdapter3\n" );
        return;
    }
    for (group = 0; group < 2; group++)
    {
        memset( &info, 0xcc, sizeof(info) );
        hr = IDXGIAdapter3_QueryVideoMemoryInfo( adapter3, 0, group, &info );
        printf( "same memory %u: %08lx\n", group, (unsigned long)hr );
        if (FAILED( hr )) continue;
        printf( "kmt memory %u: budget %s, reservation %llu\n", group,
                !info.Budget ? "0" : info.CurrentUsage <= info.Budget && info.AvailableForReservation <= info.Budget ? "good" : "bad",
                (unsigned long long)info.CurrentReservation );
        if (!group && budget)
            printf( "kmt memory 0: %s\n", info.Budget > budget - budget / 10 && info.Budget < budget + budget / 10
                                          ? "as D3DKMT says" : "not as D3DKMT says" );
        printf( "note memory %u: budget %llu, usage %llu, for reservation %llu\n", group, (unsigned long long)info.Budget,
                (unsigned long long)info.CurrentUsage, (unsigned long long)info.AvailableForReservation );
    }
    IDXGIAdapter3_Release( adapter3 );
}

static void use_dxgi( void )
{
    HRESULT (WINAPI *create)( REFIID, void ** ) = find( "dxgi.dll", "CreateDXGIFactory1" );
    IDXGIFactory4 *factory4;
    IDXGIFactory1 *factory;
    IDXGIAdapter1 *adapter;
    IDXGIAdapter *by_luid;
    DXGI_ADAPTER_DESC1 desc;
    char name[512];
    unsigned int i;

    if (!create || !check( create( &IID_IDXGIFactory1, (void **)&factory ), "CreateDXGIFactory1" )) return;
    for (i = 0; !IDXGIFactory1_EnumAdapters1( factory, i, &adapter ); i++)
    {
        if (check( IDXGIAdapter1_GetDesc1( adapter, &desc ), "GetDesc1" ))
        {
            WideCharToMultiByte( CP_UTF8, 0, desc.Description, -1, name, sizeof(name), NULL, NULL );
            printf( "same adapter %u: %s, vendor %04x, device %04x, flags %x\n", i, name, desc.VendorId, desc.DeviceId,
                    desc.Flags );
            printf( "same adapter %u: dedicated %llu, system %llu, shared %llu\n", i, (unsigned long long)desc.DedicatedVideoMemory,
                    (unsigned long long)desc.DedicatedSystemMemory, (unsigned long long)desc.SharedSystemMemory );
            printf( "note luid: %08lx:%08lx\n", (unsigned long)desc.AdapterLuid.HighPart, (unsigned long)desc.AdapterLuid.LowPart );
            describe_memory( adapter, describe_luid( &desc.AdapterLuid, name ) );
            if (!IDXGIFactory1_QueryInterface( factory, &IID_IDXGIFactory4, (void **)&factory4 ))
            {
                HRESULT hr = IDXGIFactory4_EnumAdapterByLuid( factory4, desc.AdapterLuid, &IID_IDXGIAdapter, (void **)&by_luid );

                printf( "same by luid: %08lx\n", (unsigned long)hr );
                if (SUCCEEDED( hr )) IDXGIAdapter_Release( by_luid );
                IDXGIFactory4_Release( factory4 );
            }
        }
        IDXGIAdapter1_Release( adapter );
    }
    printf( "same adapters: %u\n", i );
    if (!i) fail( "DXGI has no adapter" );
    IDXGIFactory1_Release( factory );
}

/*
 * Direct3D 11
 */

struct d3d11
{
    ID3D11Device        *device;
    ID3D11DeviceContext *context;
    ID3D11Texture2D     *target, *staging;
    ID3D11RenderTargetView *view;
};

static ID3DBlob *compile( const char *source, const char *entry, const char *profile )
{
    HRESULT (WINAPI *compile_shader)( const void *, SIZE_T, const char *, const D3D_SHADER_MACRO *, ID3DInclude *, const char *,
                                      const char *, UINT, UINT, ID3DBlob **, ID3DBlob ** );
    ID3DBlob *code = NULL, *errors = NULL;

    if (!(compile_shader = find( "d3dcompiler_47.dll", "D3DCompile" ))) return NULL;
    if (!check( compile_shader( source, strlen( source ), NULL, NULL, NULL, entry, profile, 0, 0, &code, &errors ), profile ) &&
        errors) printf( "note compiler: %s\n", (const char *)ID3D10Blob_GetBufferPointer( errors ) );
    if (errors) ID3D10Blob_Release( errors );
    return code;
}

static int make_target( struct d3d11 *d3d )
{
    D3D11_TEXTURE2D_DESC desc = { .Width = SIZE, .Height = SIZE, .MipLevels = 1, .ArraySize = 1,
                                  .Format = DXGI_FORMAT_R8G8B8A8_UNORM, .SampleDesc = { 1, 0 }, .Usage = D3D11_USAGE_DEFAULT,
                                  .BindFlags = D3D11_BIND_RENDER_TARGET };

    if (!check( ID3D11Device_CreateTexture2D( d3d->device, &desc, NULL, &d3d->target ), "render target" )) return 0;
    desc.Usage = D3D11_USAGE_STAGING;
    desc.BindFlags = 0;
    desc.CPUAccessFlags = D3D11_CPU_ACCESS_READ;
    return check( ID3D11Device_CreateTexture2D( d3d->device, &desc, NULL, &d3d->staging ), "staging texture" ) &&
           check( ID3D11Device_CreateRenderTargetView( d3d->device, (ID3D11Resource *)d3d->target, NULL, &d3d->view ), "view" );
}

static void draw_d3d11( struct d3d11 *d3d )
{
    static const char source[] =
        "float4 vs( float2 position : POSITION ) : SV_POSITION { return float4( position, 0.0, 1.0 ); }\n"
        "float4 ps( float4 position : SV_POSITION ) : SV_TARGET { return float4( 1.0, 0.5, position.x / 64.0, 1.0 ); }\n";
    static const float corners[] = { -0.8f, -0.8f, 0.0f, 0.8f, 0.8f, -0.8f };
    static const D3D11_INPUT_ELEMENT_DESC layout_desc = { .SemanticName = "POSITION", .Format = DXGI_FORMAT_R32G32_FLOAT };
    static const float background[] = { 0.25f, 0.0f, 0.5f, 1.0f };
    D3D11_BUFFER_DESC buffer_desc = { .ByteWidth = sizeof(corners), .BindFlags = D3D11_BIND_VERTEX_BUFFER };
    D3D11_SUBRESOURCE_DATA data = { .pSysMem = corners };
    D3D11_VIEWPORT viewport = { .Width = SIZE, .Height = SIZE, .MaxDepth = 1 };
    ID3DBlob *vs_code = compile( source, "vs", "vs_4_0" ), *ps_code = compile( source, "ps", "ps_4_0" );
    UINT stride = 2 * sizeof(float), offset = 0;
    D3D11_MAPPED_SUBRESOURCE map;
    ID3D11InputLayout *layout;
    ID3D11VertexShader *vs;
    ID3D11PixelShader *ps;
    ID3D11Buffer *buffer;

    if (!vs_code || !ps_code || !make_target( d3d )) return;
    if (!check( ID3D11Device_CreateVertexShader( d3d->device, ID3D10Blob_GetBufferPointer( vs_code ),
                                                 ID3D10Blob_GetBufferSize( vs_code ), NULL, &vs ), "vertex shader" ) ||
        !check( ID3D11Device_CreatePixelShader( d3d->device, ID3D10Blob_GetBufferPointer( ps_code ),
                                                ID3D10Blob_GetBufferSize( ps_code ), NULL, &ps ), "pixel shader" ) ||
        !check( ID3D11Device_CreateInputLayout( d3d->device, &layout_desc, 1, ID3D10Blob_GetBufferPointer( vs_code ),
                                                ID3D10Blob_GetBufferSize( vs_code ), &layout ), "input layout" ) ||
        !check( ID3D11Device_CreateBuffer( d3d->device, &buffer_desc, &data, &buffer ), "vertex buffer" )) return;
    ID3D11DeviceContext_ClearRenderTargetView( d3d->context, d3d->view, background );
    ID3D11DeviceContext_OMSetRenderTargets( d3d->context, 1, &d3d->view, NULL );
    ID3D11DeviceContext_RSSetViewports( d3d->context, 1, &viewport );
    ID3D11DeviceContext_IASetInputLayout( d3d->context, layout );
    ID3D11DeviceContext_IASetVertexBuffers( d3d->context, 0, 1, &buffer, &stride, &offset );
    ID3D11DeviceContext_IASetPrimitiveTopology( d3d->context, D3D11_PRIMITIVE_TOPOLOGY_TRIANGLELIST );
    ID3D11DeviceContext_VSSetShader( d3d->context, vs, NULL, 0 );
    ID3D11DeviceContext_PSSetShader( d3d->context, ps, NULL, 0 );
    ID3D11DeviceContext_Draw( d3d->context, 3, 0 );
    ID3D11DeviceContext_CopyResource( d3d->context, (ID3D11Resource *)d3d->staging, (ID3D11Resource *)d3d->target );
    if (!check( ID3D11DeviceContext_Map( d3d->context, (ID3D11Resource *)d3d->staging, 0, D3D11_MAP_READ, 0, &map ), "map" )) return;
    describe_picture( "d3d11", map.pData, map.RowPitch );
    ID3D11DeviceContext_Unmap( d3d->context, (ID3D11Resource *)d3d->staging, 0 );
}

static void use_d3d11( void )
{
    HRESULT (WINAPI *create)( IDXGIAdapter *, D3D_DRIVER_TYPE, HMODULE, UINT, const D3D_FEATURE_LEVEL *, UINT, UINT,
                              ID3D11Device **, D3D_FEATURE_LEVEL *, ID3D11DeviceContext ** );
    struct d3d11 d3d = { 0 };
    D3D_FEATURE_LEVEL level;

    if (!(create = find( "d3d11.dll", "D3D11CreateDevice" ))) return;
    if (!check( create( NULL, D3D_DRIVER_TYPE_HARDWARE, NULL, 0, NULL, 0, D3D11_SDK_VERSION, &d3d.device, &level, &d3d.context ),
                "D3D11CreateDevice" )) return;
    printf( "same d3d11: feature level %x\n", level );
    draw_d3d11( &d3d );
    ID3D11DeviceContext_Release( d3d.context );
    printf( "same d3d11: %s\n", ID3D11Device_GetDeviceRemovedReason( d3d.device ) ? "removed" : "still there" );
    ID3D11Device_Release( d3d.device );
}

/*
 * Direct3D 9
 */

static void draw_d3d9( IDirect3DDevice9 *device )
{
    static const struct { float x, y, z, rhw; DWORD color; } corners[] =
    {
        { SIZE * 0.1f, SIZE * 0.9f, 0.5f, 1.0f, 0xffff0000 },
        { SIZE * 0.5f, SIZE * 0.1f, 0.5f, 1.0f, 0xff00ff00 },
        { SIZE * 0.9f, SIZE * 0.9f, 0.5f, 1.0f, 0xff0000ff },
    };
    IDirect3DSurface9 *target, *copy;
    D3DLOCKED_RECT rect;

    if (!check( IDirect3DDevice9_CreateRenderTarget( device, SIZE, SIZE, D3DFMT_A8R8G8B8, D3DMULTISAMPLE_NONE, 0, FALSE, &target,
                                                     NULL ), "d3d9 render target" ) ||
        !check( IDirect3DDevice9_CreateOffscreenPlainSurface( device, SIZE, SIZE, D3DFMT_A8R8G8B8, D3DPOOL_SYSTEMMEM, &copy, NULL ),
                "d3d9 surface" )) return;
    IDirect3DDevice9_SetRenderTarget( device, 0, target );
    IDirect3DDevice9_SetRenderState( device, D3DRS_LIGHTING, FALSE );
    IDirect3DDevice9_SetRenderState( device, D3DRS_CULLMODE, D3DCULL_NONE );
    IDirect3DDevice9_SetRenderState( device, D3DRS_ZENABLE, FALSE );
    IDirect3DDevice9_Clear( device, 0, NULL, D3DCLEAR_TARGET, 0xff400080, 1.0f, 0 );
    IDirect3DDevice9_SetFVF( device, D3DFVF_XYZRHW | D3DFVF_DIFFUSE );
    if (!check( IDirect3DDevice9_BeginScene( device ), "BeginScene" )) return;
    check( IDirect3DDevice9_DrawPrimitiveUP( device, D3DPT_TRIANGLELIST, 1, corners, sizeof(corners[0]) ), "DrawPrimitiveUP" );
    IDirect3DDevice9_EndScene( device );
    if (check( IDirect3DDevice9_GetRenderTargetData( device, target, copy ), "GetRenderTargetData" ) &&
        check( IDirect3DSurface9_LockRect( copy, &rect, NULL, D3DLOCK_READONLY ), "LockRect" ))
    {
        describe_picture( "d3d9", rect.pBits, rect.Pitch );
        IDirect3DSurface9_UnlockRect( copy );
    }
    IDirect3DSurface9_Release( copy );
    IDirect3DSurface9_Release( target );
}

static void use_d3d9( void )
{
    IDirect3D9 *(WINAPI *create)( UINT ) = find( "d3d9.dll", "Direct3DCreate9" );
    D3DPRESENT_PARAMETERS params = { .Windowed = TRUE, .SwapEffect = D3DSWAPEFFECT_DISCARD, .BackBufferWidth = SIZE,
                                     .BackBufferHeight = SIZE, .BackBufferFormat = D3DFMT_UNKNOWN };
    D3DADAPTER_IDENTIFIER9 id;
    IDirect3DDevice9 *device;
    IDirect3D9 *d3d;
    HWND window;

    if (!create) return;
    if (!(d3d = create( D3D_SDK_VERSION )))
    {
        fail( "Direct3DCreate9" );
        return;
    }
    if (check( IDirect3D9_GetAdapterIdentifier( d3d, 0, 0, &id ), "GetAdapterIdentifier" ))
        printf( "same d3d9: %s, vendor %04lx, device %04lx, driver %s\n", id.Description, id.VendorId, id.DeviceId, id.Driver );
    window = CreateWindowA( "static", "d3d", WS_OVERLAPPEDWINDOW, 0, 0, SIZE, SIZE, NULL, NULL, NULL, NULL );
    params.hDeviceWindow = window;
    if (check( IDirect3D9_CreateDevice( d3d, 0, D3DDEVTYPE_HAL, window, D3DCREATE_HARDWARE_VERTEXPROCESSING, &params, &device ),
               "d3d9 CreateDevice" ))
    {
        printf( "same d3d9: texture memory %s\n", IDirect3DDevice9_GetAvailableTextureMem( device ) ? "above 0" : "0" );
        draw_d3d9( device );
        IDirect3DDevice9_Release( device );
    }
    DestroyWindow( window );
    IDirect3D9_Release( d3d );
}

int main( int argc, char **argv )
{
    setvbuf( stdout, NULL, _IONBF, 0 );
    use_dxgi();
    if (argc < 2 || strcmp( argv[1], "dxgi" ))
    {
        use_d3d11();
        use_d3d9();
    }
    return failures ? 1 : 0;
}
