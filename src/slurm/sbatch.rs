//! sbatch
