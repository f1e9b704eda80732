//! `sinfo`: what the cluster offers.

use super::gpu::GpuType;
use super::{Slurm, SlurmError, parse};

impl Slurm {
    /// The GPU types of the cluster, or of one partition (or several, with commas) of it, in
    /// the order in which `sinfo` first names them.
    ///
    /// # Errors
    /// [`SlurmError`]
    pub async fn gpu_types(
        &self,
        partition: Option<&str>,
        cluster: Option<&str>,
    ) -> Result<Vec<GpuType>, SlurmError> {
        let outcome = self.sinfo("%G|%N|%t|%P", partition, cluster).await?;
        Ok(parse::gpu_types(&outcome))
    }

    /// The longest walltime that a partition allows, or the default one, in sbatch's form;
    /// nothing when it has no limit.
    ///
    /// # Errors
    /// [`SlurmError`]
    pub async fn max_time(
        &self,
        partition: Option<&str>,
        cluster: Option<&str>,
    ) -> Result<Option<String>, SlurmError> {
        let outcome = self.sinfo("%P|%l", partition, cluster).await?;
        Ok(parse::max_time(&outcome, partition))
    }

    async fn sinfo(
        &self,
        format: &str,
        partition: Option<&str>,
        cluster: Option<&str>,
    ) -> Result<String, SlurmError> {
        let mut args = vec!["-h".to_owned(), "-o".to_owned(), format.to_owned()];
        args.extend(partition.map(|partition| format!("--partition={partition}")));
        args.extend(cluster.map(|cluster| format!("--clusters={cluster}")));
        Ok(self.answer("sinfo", args).await?.stdout)
    }
}
