// Part of benchmarks/study.cpp: the binary networks of one data set in integers, so that data sets compile side by
// side.
#include "benchmarks/study/run_in_integers.hpp"

namespace study {

template judged run_in_integers<binary_photographs<heads::last>>(const host::model&, const host::dataset&,
                                                                 host::thread_pool&);
template judged run_in_integers<binary_photographs<heads::alone>>(const host::model&, const host::dataset&,
                                                                  host::thread_pool&);
template judged run_in_integers<binary_photographs<heads::cascade>>(const host::model&, const host::dataset&,
                                                                    host::thread_pool&);

}  // namespace study
