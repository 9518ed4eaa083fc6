# Sourced in the virtual machine before the command (see vm): a network device and an RDMA device on it.
export PATH=$PATH:/sbin:/usr/sbin
ulimit -c 0
ulimit -l unlimited
load() { "$folder/tools/bin/modprobe" -d "$folder/root" -a "$@"; }
# crc32 first: rdma_rxe asks the kernel's crypto layer for it, which has no modprobe of its own to call here.
ip link set lo up &&
  if [[ -n $host ]]; then load virtio_net; else load dummy && ip link add eth0 type dummy; fi &&
  ip addr add "10.9.0.${host:-1}/24" dev eth0 &&
  ip link set eth0 up &&
  load crc32_generic crc32_pclmul rdma_rxe ib_uverbs rdma_ucm &&
  rdma link add rxe0 type rxe netdev eth0 || { echo "vm: no RDMA device could be made"; exit 1; }
# UCX 1.13 drops what comes from rxe for its destination address unless told not to check, and would wait for ever.
export UCX_UD_VERBS_ETH_DGID_CHECK=n UCX_IB_GID_INDEX=1
export WOLFPACK_TEST_TRANSPORTS=${WOLFPACK_TEST_TRANSPORTS:-rdma}
export WOLFPACK_TEST_SLOWNESS=${WOLFPACK_TEST_SLOWNESS:-6}
export WOLFPACK_TEST_STRESS_DIVISOR=${WOLFPACK_TEST_STRESS_DIVISOR:-20}
